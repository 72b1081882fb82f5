// The operators of compiled programs, in the order that the Python side shares (operator_names()).
#pragma once

namespace fitx {

// X(name, operands)
#define FITX_OPCODES(X)                                                                                       \
    X(var, 0) X(const, 0) X(add, 2) X(sub, 2) X(mul, 2) X(div, 2) X(pow, 2) X(neg, 1) X(sqrt, 1) X(cbrt, 1)   \
    X(square, 1) X(cube, 1) X(exp, 1) X(log, 1) X(log10, 1) X(sin, 1) X(cos, 1) X(tan, 1) X(asin, 1)          \
    X(acos, 1) X(atan, 1) X(sinh, 1) X(cosh, 1) X(tanh, 1) X(abs, 1) X(sign, 1) X(min, 2) X(max, 2)           \
    X(floor, 1) X(ceil, 1) X(logistic, 1) X(hinge, 1) X(lt, 2) X(le, 2) X(gt, 2) X(ge, 2) X(eq, 2) X(select, 3)

enum Opcode : int {
#define FITX_ENUM(name, arity) op_##name,
    FITX_OPCODES(FITX_ENUM)
#undef FITX_ENUM
    opcode_count,
    // What the compiler makes of `pow` with a constant exponent, and of a program that is a lone leaf.
    op_copy = opcode_count,
    op_power_half,          // x^0.5: unlike sqrt, +inf at -inf and +0 at -0
    op_power,               // op_power + n: x^n by multiplication, n in 0..16
    op_power_inverse = op_power + 17,  // op_power_inverse + n: 1/x^n
    internal_opcode_count = op_power_inverse + 17
};

}  // namespace fitx
