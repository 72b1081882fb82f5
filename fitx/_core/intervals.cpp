#include "intervals.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "opcodes.hpp"

namespace fitx {
namespace {

constexpr double infinity = HUGE_VAL;
constexpr double pi = 3.14159265358979323846;
constexpr double loose = 16 * DBL_EPSILON;  // the evaluator's functions err by 4 ulp at most
constexpr double far = 1e9;                 // arguments beyond which waves are not followed

struct Interval {
    double lo, hi, blame;
    int32_t flags;
    bool empty() const { return lo != lo; }
    bool infinite() const { return lo == -infinity || hi == infinity; }
    bool holds(double v) const { return lo <= v && v <= hi; }
    double width() const { return infinite() ? DBL_MAX / 1e6 : hi - lo; }
    double magnitude() const { return std::max(std::fabs(lo), std::fabs(hi)); }
    double mignitude() const { return holds(0) ? 0 : std::min(std::fabs(lo), std::fabs(hi)); }
};

// ---- rounding outward: sums and products by their exact errors, so that what is exact stays so; the rest by ulps
double below(double v) { return v == infinity ? DBL_MAX : std::nextafter(v, -infinity); }
double above(double v) { return v == -infinity ? -DBL_MAX : std::nextafter(v, infinity); }
double loosely_below(double v) { return v == 0 ? 0 : below(v - std::fabs(v) * loose); }
double loosely_above(double v) { return v == 0 ? 0 : above(v + std::fabs(v) * loose); }

double sum_error(double a, double b, double s) {
    const double t = s - a;
    return (a - (s - t)) + (b - t);
}
double sum_below(double a, double b) {
    const double s = a + b;
    if (s != s) return -infinity;
    if (std::isinf(s)) return s < 0 ? s : DBL_MAX;
    return sum_error(a, b, s) < 0 ? below(s) : s;
}
double sum_above(double a, double b) { return -sum_below(-a, -b); }

double product_below(double a, double b) {
    if (a == 0 || b == 0) return 0;
    const double p = a * b;
    if (std::isinf(p)) return p < 0 ? p : DBL_MAX;
    return std::fabs(p) < 1e-290 || std::fma(a, b, -p) < 0 ? below(p) : p;
}
double product_above(double a, double b) { return -product_below(-a, b); }

double quotient_below(double a, double b) {  // b != 0
    if (a == 0) return 0;
    const double q = a / b;
    if (q != q) return -infinity;
    if (std::isinf(q)) return q < 0 ? q : DBL_MAX;
    if (std::isinf(b)) return std::min(0.0, q);
    return std::fabs(q) < 1e-290 || std::fma(q, b, -a) != 0 ? below(q) : q;
}
double quotient_above(double a, double b) { return -quotient_below(-a, b); }

// ---- building results
Interval make(double lo, double hi, int32_t flags = 0, double blame = 0) {
    return {std::min(lo, DBL_MAX), std::max(hi, -DBL_MAX), blame, flags};
}
Interval nowhere(const Interval& a) { return {NAN, NAN, a.blame + a.width(), a.flags | may_be_undefined}; }
// `a` with a further flag, for which the operand `o` is to blame.
Interval flagged(Interval a, int32_t flag, const Interval& o) {
    a.flags |= flag;
    a.blame += o.width();
    return a;
}
Interval hull(const Interval& a, const Interval& b) {
    Interval r = a.empty() ? b : a;
    if (!a.empty() && !b.empty()) r = make(std::min(a.lo, b.lo), std::max(a.hi, b.hi));
    r.flags = a.flags | b.flags;
    r.blame = a.blame + b.blame;
    return r;
}
// The result of an operator on `a` and `b` takes over their flags; a bounded one has no pole and no overflow.
Interval settled(Interval r, const Interval& a, const Interval& b, bool two) {
    r.flags |= a.flags | (two ? b.flags : 0);
    r.blame += a.blame + (two ? b.blame : 0);
    if (r.empty()) return r;
    if (r.infinite()) {
        if (!a.infinite() && !(two && b.infinite()) && !(r.flags & may_have_pole)) {
            r.flags |= may_overflow;
            r.blame += a.width() + (two ? b.width() : 0);
        }
    } else {
        r.flags &= may_be_undefined;
        if (!r.flags) r.blame = 0;
    }
    return r;
}

template <class F> Interval rising(const Interval& a, F f, double least = -infinity, double most = infinity) {
    return make(std::max(least, loosely_below(f(a.lo))), std::min(most, loosely_above(f(a.hi))));
}

// ---- operators
Interval add(const Interval& a, const Interval& b) {
    Interval r = make(sum_below(a.lo, b.lo), sum_above(a.hi, b.hi));
    if ((a.hi == infinity && b.lo == -infinity) || (a.lo == -infinity && b.hi == infinity))
        r = flagged(flagged(r, may_be_undefined, a), 0, b);
    return r;
}
Interval minus(const Interval& a) { return {-a.hi, -a.lo, a.blame, a.flags}; }

Interval multiply(const Interval& a, const Interval& b) {
    const double lo = std::min(std::min(product_below(a.lo, b.lo), product_below(a.lo, b.hi)),
                               std::min(product_below(a.hi, b.lo), product_below(a.hi, b.hi)));
    const double hi = std::max(std::max(product_above(a.lo, b.lo), product_above(a.lo, b.hi)),
                               std::max(product_above(a.hi, b.lo), product_above(a.hi, b.hi)));
    Interval r = make(lo, hi);
    if ((a.holds(0) && b.infinite()) || (b.holds(0) && a.infinite()))
        r = flagged(flagged(r, may_be_undefined, a), 0, b);
    return r;
}

Interval divide(const Interval& a, const Interval& b) {
    Interval r = make(-infinity, infinity);
    if (!b.holds(0)) {
        const double lo = std::min(std::min(quotient_below(a.lo, b.lo), quotient_below(a.lo, b.hi)),
                                   std::min(quotient_below(a.hi, b.lo), quotient_below(a.hi, b.hi)));
        const double hi = std::max(std::max(quotient_above(a.lo, b.lo), quotient_above(a.lo, b.hi)),
                                   std::max(quotient_above(a.hi, b.lo), quotient_above(a.hi, b.hi)));
        r = make(lo, hi);
        return a.infinite() && b.infinite() ? flagged(r, may_be_undefined, b) : r;
    }
    // One sided where the divisor is: of the sign of a / b, from the least |a| / |b| on.
    if (b.lo == 0 && b.hi > 0) {
        if (a.lo >= 0) r.lo = b.hi == infinity ? 0 : quotient_below(a.lo, b.hi);
        if (a.hi <= 0) r.hi = b.hi == infinity ? 0 : quotient_above(a.hi, b.hi);
    } else if (b.hi == 0 && b.lo < 0) {
        if (a.lo >= 0) r.hi = b.lo == -infinity ? 0 : quotient_above(a.lo, b.lo);
        if (a.hi <= 0) r.lo = b.lo == -infinity ? 0 : quotient_below(a.hi, b.lo);
    }
    const bool undefined = a.holds(0) || (a.infinite() && b.infinite());
    return flagged(r, may_have_pole | (undefined ? may_be_undefined : 0), b);
}

// v >= 0 of a base between lo >= 0 and hi, exponents between those of b
Interval power_of_positive(double lo, double hi, const Interval& a, const Interval& b) {
    const double ends[4] = {std::pow(lo, b.lo), std::pow(lo, b.hi), std::pow(hi, b.lo), std::pow(hi, b.hi)};
    double least = ends[0], most = ends[0];
    for (double e : ends) least = std::min(least, e), most = std::max(most, e);
    if (b.holds(0)) least = std::min(least, 1.0), most = std::max(most, 1.0);
    Interval r = make(std::max(0.0, loosely_below(least)), loosely_above(most));
    if (lo == 0 && b.lo < 0) r = flagged(make(r.lo, infinity), may_have_pole, a);
    if (lo == 0 && b.hi > 0) r.lo = 0;
    return r;
}

Interval power(const Interval& a, const Interval& b) {
    if (b.lo == 0 && b.hi == 0) return make(1, 1);
    if (a.infinite() && b.infinite()) return flagged(make(-infinity, infinity), may_be_undefined, a);
    const bool whole = b.lo == b.hi && b.lo == std::floor(b.lo);
    const bool odd = whole && std::fmod(b.lo, 2) != 0;
    if (a.lo >= 0) return power_of_positive(a.lo, a.hi, a, b);
    if (whole && !odd) return power_of_positive(a.mignitude(), a.magnitude(), a, b);
    if (whole) {  // odd
        if (a.hi <= 0) return minus(power_of_positive(-a.hi, -a.lo, a, b));
        const Interval up = power_of_positive(0, a.hi, a, b), down = minus(power_of_positive(0, -a.lo, a, b));
        return hull(up, down);
    }
    const bool some = std::ceil(b.lo) <= b.hi;  // whole exponents, where negative bases have a power
    // IEEE: pow(-inf, 0.3) is inf and pow(-inf, -0.3) is 0.
    if (a.lo == -infinity) return flagged(make(some ? -infinity : 0, infinity), may_be_undefined, a);
    if (a.hi < 0 && !some) return nowhere(a);
    Interval r = a.hi >= 0 ? power_of_positive(0, a.hi, a, b) : power_of_positive(-a.hi, -a.lo, a, b);
    if (some) {
        const Interval m = power_of_positive(a.mignitude(), -a.lo, a, b);
        r = hull(r, hull(m, minus(m)));
    }
    return flagged(r, may_be_undefined, a);
}

// Whether phase + k * period lies in the interval for some whole k, in doubt yes.
bool meets(const Interval& a, double phase, double period) {
    if (a.magnitude() > far) return true;
    const double slack = 1e-14 * (1 + a.magnitude());
    return phase + std::ceil((a.lo - slack - phase) / period) * period <= a.hi + slack;
}

Interval wave(const Interval& a, double top, double (*f)(double)) {  // top: where it is 1
    if (a.infinite()) return flagged(make(-1, 1), may_be_undefined, a);
    const double one = f(a.lo), other = f(a.hi);
    const double lo = meets(a, top + pi, 2 * pi) ? -1 : std::max(-1.0, loosely_below(std::min(one, other)));
    const double hi = meets(a, top, 2 * pi) ? 1 : std::min(1.0, loosely_above(std::max(one, other)));
    return make(lo, hi);
}

Interval tangent(const Interval& a) {
    if (a.infinite()) return flagged(make(-infinity, infinity), may_be_undefined | may_have_pole, a);
    if (meets(a, pi / 2, pi)) return flagged(make(-infinity, infinity), may_have_pole, a);
    return rising(a, [](double v) { return std::tan(v); });
}

Interval logarithm(const Interval& a, double (*f)(double)) {
    if (a.hi < 0) return nowhere(a);
    Interval r = make(a.lo <= 0 ? -infinity : loosely_below(f(a.lo)), a.hi == 0 ? -DBL_MAX : loosely_above(f(a.hi)));
    if (a.lo <= 0) r = flagged(r, may_have_pole, a);
    if (a.lo < 0) r.flags |= may_be_undefined;
    return r;
}

Interval root(const Interval& a) {
    if (a.hi < 0) return nowhere(a);
    const Interval r = make(a.lo <= 0 ? 0 : loosely_below(std::sqrt(a.lo)), loosely_above(std::sqrt(a.hi)));
    return a.lo < 0 ? flagged(r, may_be_undefined, a) : r;
}

Interval arc(const Interval& a, bool sine) {
    if (a.hi < -1 || a.lo > 1) return nowhere(a);
    const double lo = std::max(-1.0, a.lo), hi = std::min(1.0, a.hi);
    const Interval r = sine ? make(loosely_below(std::asin(lo)), loosely_above(std::asin(hi)))
                            : make(loosely_below(std::acos(hi)), loosely_above(std::acos(lo)));
    return a.lo < -1 || a.hi > 1 ? flagged(r, may_be_undefined, a) : r;
}

double sign(double v) { return v > 0 ? 1 : v < 0 ? -1 : 0; }

Interval unary(int op, const Interval& a) {
    switch (op) {
        case op_neg: return make(-a.hi, -a.lo);
        case op_sqrt: return root(a);
        case op_cbrt: return rising(a, [](double v) { return std::cbrt(v); });
        case op_square: {
            const double lo = a.mignitude(), hi = a.magnitude();
            return make(product_below(lo, lo), product_above(hi, hi));
        }
        case op_cube: return rising(a, [](double v) { return v * v * v; });
        case op_exp: return rising(a, [](double v) { return std::exp(v); }, 0);
        case op_log: return logarithm(a, [](double v) { return std::log(v); });
        case op_log10: return logarithm(a, [](double v) { return std::log10(v); });
        case op_sin: return wave(a, pi / 2, [](double v) { return std::sin(v); });
        case op_cos: return wave(a, 0, [](double v) { return std::cos(v); });
        case op_tan: return tangent(a);
        case op_asin: return arc(a, true);
        case op_acos: return arc(a, false);
        case op_atan: return rising(a, [](double v) { return std::atan(v); });
        case op_sinh: return rising(a, [](double v) { return std::sinh(v); });
        case op_cosh: {
            const Interval m = make(a.mignitude(), a.magnitude());
            return rising(m, [](double v) { return std::cosh(v); }, 1);
        }
        case op_tanh: return rising(a, [](double v) { return std::tanh(v); }, -1, 1);
        case op_abs: return make(a.mignitude(), a.magnitude());
        case op_sign: return make(sign(a.lo), sign(a.hi));
        case op_floor: return make(std::floor(a.lo), std::floor(a.hi));
        case op_ceil: return make(std::ceil(a.lo), std::ceil(a.hi));
        case op_logistic: return rising(a, [](double v) { return 1 / (1 + std::exp(-v)); }, 0, 1);
        case op_hinge: return make(std::max(0.0, a.lo), std::max(0.0, a.hi));
        default: throw std::invalid_argument("an operator without interval arithmetic");
    }
}

Interval truth(bool always, bool never) { return make(always ? 1 : 0, never ? 0 : 1); }

Interval binary(int op, const Interval& a, const Interval& b) {
    switch (op) {
        case op_add: return add(a, b);
        case op_sub: return add(a, {-b.hi, -b.lo, 0, 0});
        case op_mul: return multiply(a, b);
        case op_div: return divide(a, b);
        case op_pow: return power(a, b);
        case op_min: return make(std::min(a.lo, b.lo), std::min(a.hi, b.hi));
        case op_max: return make(std::max(a.lo, b.lo), std::max(a.hi, b.hi));
        case op_lt: return truth(a.hi < b.lo, a.lo >= b.hi);
        case op_le: return truth(a.hi <= b.lo, a.lo > b.hi);
        case op_gt: return truth(a.lo > b.hi, a.hi <= b.lo);
        case op_ge: return truth(a.lo >= b.hi, a.hi < b.lo);
        case op_eq: return truth(a.lo == a.hi && b.lo == b.hi && a.lo == b.lo, a.hi < b.lo || a.lo > b.hi);
        default: throw std::invalid_argument("an operator without interval arithmetic");
    }
}

bool comparison(int op) { return op >= op_lt && op <= op_eq; }

Interval select(const Interval& condition, const Interval& yes, const Interval& no) {
    Interval r = condition.lo == 1 ? yes : condition.hi == 0 ? no : hull(yes, no);
    r.flags |= condition.flags;
    r.blame += condition.blame;
    return r;
}

constexpr int arities[] = {
#define FITX_ARITY(name, arity) arity,
    FITX_OPCODES(FITX_ARITY)
#undef FITX_ARITY
};

Interval apply(int op, const Interval& a, const Interval& b) {
    const bool two = arities[op] == 2;
    if (comparison(op)) {  // NaN compares as false
        Interval r = a.empty() || b.empty() ? make(0, 0) : binary(op, a, b);
        r.flags = a.flags | b.flags;
        r.blame = a.blame + b.blame;
        if (r.flags & may_be_undefined) r.lo = 0;
        return r;
    }
    if (op == op_pow && ((a.flags | b.flags) & may_be_undefined)) {  // IEEE: pow(NaN, 0) and pow(1, NaN) are 1
        Interval r = make(1, 1);
        if (!a.empty() && !b.empty()) r = hull(r, settled(power(a, b), a, b, true));
        r.flags |= a.flags | b.flags;
        r.blame += a.blame + b.blame;
        return r;
    }
    if (a.empty() || (two && b.empty())) {
        return {NAN, NAN, a.blame + (two ? b.blame : 0), a.flags | (two ? b.flags : 0) | may_be_undefined};
    }
    return settled(two ? binary(op, a, b) : unary(op, a), a, b, two);
}

}  // namespace

void check_interval_program(const IntervalProgram& p, size_t columns) {
    size_t depth = 0;
    for (size_t i = 0; i < p.length; i++) {
        const int op = p.codes[i];
        if (op < 0 || op >= opcode_count) throw std::invalid_argument("unknown opcode");
        const size_t needs = static_cast<size_t>(arities[op]);
        if (depth < needs) throw std::invalid_argument("an operator lacks operands");
        const size_t at = static_cast<size_t>(p.operands[i]);
        if ((op == op_var && at >= columns) || (op == op_const && at >= p.constant_count))
            throw std::invalid_argument("no such column or constant");
        depth += 1 - needs;
    }
    if (depth != 1) throw std::invalid_argument("a program leaves one value");
}

void enclose(const IntervalProgram& p, const double* low, const double* high, size_t n, double* lo, double* hi,
             double* blame, int32_t* flags) {
    std::vector<Interval> stack(p.length);
    for (size_t i = 0; i < n; i++) {
        size_t top = 0;
        for (size_t t = 0; t < p.length; t++) {
            const int op = p.codes[t];
            const size_t at = static_cast<size_t>(p.operands[t]);
            if (op == op_var) {
                stack[top++] = make(low[at * n + i], high[at * n + i]);
            } else if (op == op_const) {
                stack[top++] = make(p.constants[at], p.constants[at]);
            } else if (op == op_select) {
                top -= 2;
                stack[top - 1] = select(stack[top - 1], stack[top], stack[top + 1]);
            } else {
                if (arities[op] == 2) top--;
                stack[top - 1] = apply(op, stack[top - 1], stack[arities[op] == 2 ? top : top - 1]);
            }
        }
        lo[i] = stack[0].lo, hi[i] = stack[0].hi, blame[i] = stack[0].blame, flags[i] = stack[0].flags;
    }
}

}  // namespace fitx
