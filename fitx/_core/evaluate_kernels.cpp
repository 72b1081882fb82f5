// One tile of one program: a loop over its instructions, each a loop over the rows. Compiled once an instruction set.
#include "evaluate_program.hpp"
#include "opcodes.hpp"
#include "vecmath.hpp"

namespace fitx {
namespace FITX_ISA {
namespace {

// An operand's rows; step 0 repeats the first vector (a constant).
template <class T> struct Rows {
    const T* at;
    ptrdiff_t step;
};
template <class T> using Kernel = void (*)(T* out, Rows<T> a, Rows<T> b, Rows<T> c, int rows);

// ---- the operators that are not in vecmath.hpp
template <class V> FITX_INLINE V minimum(V a, V b) { return a != a ? a : (a < b ? a : b); }
template <class V> FITX_INLINE V maximum(V a, V b) { return a != a ? a : (a > b ? a : b); }
template <class V, class M> FITX_INLINE V truth(M m) { return m ? broadcast<V>(1) : V{}; }
template <class V> FITX_INLINE V sign(V x) {
    const V one = broadcast<V>(1), zero = V{};
    return x > zero ? one : (x < zero ? -one : (x == zero ? zero : x));
}
template <class V> FITX_INLINE V hinge(V x) { return x <= V{} ? V{} : x; }
template <class V> FITX_INLINE V power_half(V x) {
    // (-0)^0.5 = +0 and (-inf)^0.5 = inf, where sqrt says -0 and NaN.
    const V infinity = broadcast<V>(static_cast<typename Scalar<V>::type>(__builtin_inf()));
    return x == -infinity ? infinity : sqrt(x + V{});
}
template <int n, class V> FITX_INLINE V power(V x) {
    if constexpr (n == 0) return broadcast<V>(1);
    else if constexpr (n == 1) return x;
    else if constexpr (n % 2 == 0) { const V half = power<n / 2>(x); return half * half; }
    else return power<n - 1>(x) * x;
}

// FITX_UNARY(name, expression of x) and so on: a functor a name.
#define FITX_UNARY(name, expression) \
    struct do_##name { template <class V> FITX_MEMBER V apply(V x, V, V) { return expression; } };
#define FITX_BINARY(name, expression) \
    struct do_##name { template <class V> FITX_MEMBER V apply(V x, V y, V) { return expression; } };
#define FITX_MEMBER static inline __attribute__((always_inline))

FITX_UNARY(copy, x)
FITX_BINARY(add, x + y)
FITX_BINARY(sub, x - y)
FITX_BINARY(mul, x * y)
FITX_BINARY(div, x / y)
FITX_BINARY(pow, pow(x, y))
FITX_UNARY(neg, -x)
FITX_UNARY(sqrt, sqrt(x))
FITX_UNARY(cbrt, cbrt(x))
FITX_UNARY(square, x * x)
FITX_UNARY(cube, x * x * x)
FITX_UNARY(exp, exp(x))
FITX_UNARY(log, log(x))
FITX_UNARY(log10, log10(x))
FITX_UNARY(sin, sin(x))
FITX_UNARY(cos, cos(x))
FITX_UNARY(tan, tan(x))
FITX_UNARY(asin, asin(x))
FITX_UNARY(acos, acos(x))
FITX_UNARY(atan, atan(x))
FITX_UNARY(sinh, sinh(x))
FITX_UNARY(cosh, cosh(x))
FITX_UNARY(tanh, tanh(x))
FITX_UNARY(abs, abs(x))
FITX_UNARY(sign, sign(x))
FITX_BINARY(min, minimum(x, y))
FITX_BINARY(max, maximum(x, y))
FITX_UNARY(floor, floor(x))
FITX_UNARY(ceil, ceil(x))
FITX_UNARY(logistic, logistic(x))
FITX_UNARY(hinge, hinge(x))
FITX_BINARY(lt, truth<V>(x < y))
FITX_BINARY(le, truth<V>(x <= y))
FITX_BINARY(gt, truth<V>(x > y))
FITX_BINARY(ge, truth<V>(x >= y))
FITX_BINARY(eq, truth<V>(x == y))
FITX_UNARY(power_half, power_half(x))
struct do_select { template <class V> FITX_MEMBER V apply(V x, V y, V z) { return x != V{} ? y : z; } };
struct do_var : do_copy {};    // never executed: the compiler resolves leaves
struct do_const : do_copy {};
template <int n> struct do_power { template <class V> FITX_MEMBER V apply(V x, V, V) { return power<n>(x); } };
template <int n> struct do_power_inverse {
    template <class V> FITX_MEMBER V apply(V x, V, V) { return broadcast<V>(1) / power<n>(x); }
};

// out may be one of the operands: a vector is read before it is written.
template <class T, class F, int arity> void loop(T* out, Rows<T> a, Rows<T> b, Rows<T> c, int rows) {
    typedef typename Simd<T>::vec V;
    constexpr int lanes = Simd<T>::lanes;
    for (int i = 0; i < rows; i += lanes) {
        V x = load(a.at), y{}, z{};
        a.at += a.step;
        if (arity > 1) { y = load(b.at); b.at += b.step; }
        if (arity > 2) { z = load(c.at); c.at += c.step; }
        store(out + i, F::apply(x, y, z));
    }
}

#define FITX_SEVENTEEN(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)

template <class T> struct Kernels {
    static constexpr Kernel<T> table[internal_opcode_count] = {
#define FITX_KERNEL(name, arity) loop<T, do_##name, arity>,
        FITX_OPCODES(FITX_KERNEL)
#undef FITX_KERNEL
        loop<T, do_copy, 1>, loop<T, do_power_half, 1>,
#define FITX_KERNEL(n) loop<T, do_power<n>, 1>,
        FITX_SEVENTEEN(FITX_KERNEL)
#undef FITX_KERNEL
#define FITX_KERNEL(n) loop<T, do_power_inverse<n>, 1>,
        FITX_SEVENTEEN(FITX_KERNEL)
#undef FITX_KERNEL
    };
};

template <class T>
FITX_INLINE Rows<T> rows_of(const Operand& operand, const Tile<T>& tile, T* constant) {
    typedef typename Simd<T>::vec V;
    constexpr int lanes = Simd<T>::lanes;
    switch (operand.kind) {
        case in_column:
            return {tile.columns + operand.index * tile.column_stride, lanes};
        case in_slot:
            return {tile.slots + operand.index * tile.slot_stride, lanes};
        default:
            store(constant, broadcast<V>(tile.constants[operand.index]));
            return {constant, 0};
    }
}

constexpr unsigned char arities[] = {
#define FITX_ARITY(name, arity) arity,
    FITX_OPCODES(FITX_ARITY)
#undef FITX_ARITY
};

template <class T> void run(const Instruction* instructions, size_t count, const Tile<T>& tile) {
    alignas(FITX_BYTES) T constants[3][Simd<T>::lanes];
    for (size_t i = 0; i < count; i++) {
        const Instruction& instruction = instructions[i];
        const int arity = instruction.op < opcode_count ? arities[instruction.op] : 1;
        const Rows<T> a = rows_of(instruction.a, tile, constants[0]);
        const Rows<T> b = arity > 1 ? rows_of(instruction.b, tile, constants[1]) : a;
        const Rows<T> c = arity > 2 ? rows_of(instruction.c, tile, constants[2]) : a;
        T* out = instruction.dst < 0 ? tile.out : tile.slots + instruction.dst * tile.slot_stride;
        Kernels<T>::table[instruction.op](out, a, b, c, tile.rows);
    }
}

}  // namespace

const EvaluateKernels& evaluate_kernels() {
    static const EvaluateKernels kernels = {{Simd<double>::lanes, run<double>}, {Simd<float>::lanes, run<float>}};
    return kernels;
}

}  // namespace FITX_ISA
}  // namespace fitx
