// What passes between the compiler of programs (evaluate.cpp) and the tile kernels (evaluate_kernels.cpp).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "isa.hpp"

namespace fitx {

// Where an operand lives: a column of the table, a scratch slot, or a constant.
enum OperandKind : int32_t { in_column = 0, in_slot = 1, in_constant = 2 };

struct Operand {
    OperandKind kind = in_column;
    int32_t index = 0;
};

// dst < 0: the program's result. Operands beyond the operator's number are unused.
struct Instruction {
    int32_t op;
    int32_t dst;
    Operand a, b, c;
};

// One tile: `rows` is a multiple of the lanes; every column and slot may be read or written so far.
template <class T> struct Tile {
    const T* columns;
    ptrdiff_t column_stride;
    T* slots;
    ptrdiff_t slot_stride;
    const T* constants;
    T* out;
    int rows;
};

template <class T> struct TileKernel {
    int lanes;
    void (*run)(const Instruction* instructions, size_t count, const Tile<T>& tile);
};

struct EvaluateKernels {
    TileKernel<double> f64;
    TileKernel<float> f32;
};

FITX_DECLARE(EvaluateKernels, evaluate_kernels)

}  // namespace fitx
