// From postfix tokens to instructions over columns, constants and scratch slots.
#pragma once

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "evaluate.hpp"
#include "evaluate_program.hpp"
#include "opcodes.hpp"

namespace fitx {

struct CompiledProgram {
    size_t first;   // of `instructions`
    size_t count;
    int32_t slots;  // scratch rows it needs
};

// Compiles some of the programs at a time. Leaves become operands, never copies; an operator of constants becomes a
// constant, computed by the very kernel that would have computed it; slots are reused as soon as they are read.
template <class T> class Compiler {
public:
    Compiler(const Programs& programs, size_t d, const TileKernel<T>& kernel)
        : programs_(programs), columns_(d), kernel_(kernel), used_(d, 0) {
        constants_.reserve(programs.constant_count);
        for (size_t i = 0; i < programs.constant_count; i++)
            constants_.push_back(static_cast<T>(programs.constants[i]));
    }

    // Replaces what is held by the programs first .. last.
    void compile(size_t first, size_t last) {
        instructions.clear();
        compiled.clear();
        constants_.resize(programs_.constant_count);
        instructions.reserve(programs_.tokens / 2 + 1 < (1 << 20) ? programs_.tokens / 2 + 1 : 1 << 20);
        compiled.reserve(last - first);
        for (size_t p = first; p < last; p++) compile_one(p);
    }

    std::vector<Instruction> instructions;
    std::vector<CompiledProgram> compiled;
    const T* constants() const { return constants_.data(); }
    const std::vector<char>& used_columns() const { return used_; }

private:
    void compile_one(size_t p) {
        const int64_t begin = programs_.offsets[p], end = programs_.offsets[p + 1];
        if (begin < 0 || end < begin || static_cast<uint64_t>(end) > programs_.tokens)
            fail(p, "offsets out of order or beyond the tokens");
        stack_.clear();
        free_.clear();
        slots_ = 0;
        const size_t start = instructions.size();
        for (int64_t i = begin; i < end; i++) token(p, programs_.codes[i], programs_.operands[i]);
        if (stack_.size() != 1) fail(p, "leaves " + std::to_string(stack_.size()) + " values, not one");
        // A result in a slot was written by the last instruction.
        if (stack_[0].kind == in_slot)
            instructions.back().dst = -1;
        else
            instructions.push_back({op_copy, -1, stack_[0], {}, {}});
        compiled.push_back({start, instructions.size() - start, slots_});
    }

    void token(size_t p, int32_t code, int32_t operand) {
        if (code < 0 || code >= opcode_count) fail(p, "unknown opcode " + std::to_string(code));
        if (code == op_var) {
            if (operand < 0 || static_cast<size_t>(operand) >= columns_)
                fail(p, "column " + std::to_string(operand) + " of " + std::to_string(columns_));
            used_[operand] = 1;
            stack_.push_back({in_column, operand});
            return;
        }
        if (code == op_const) {
            if (operand < 0 || static_cast<size_t>(operand) >= programs_.constant_count)
                fail(p, "constant " + std::to_string(operand) + " of " + std::to_string(programs_.constant_count));
            stack_.push_back({in_constant, operand});
            return;
        }
        const size_t arity = arities[code];
        if (stack_.size() < arity) fail(p, "an operator lacks its operands");
        Instruction instruction{code, -1, {}, {}, {}};
        const Operand* arguments = stack_.data() + (stack_.size() - arity);
        instruction.a = arguments[0];
        if (arity > 1) instruction.b = arguments[1];
        if (arity > 2) instruction.c = arguments[2];
        bool constant = true;
        for (size_t k = 0; k < arity; k++) {
            constant = constant && arguments[k].kind == in_constant;
            if (arguments[k].kind != in_slot) continue;
            if (instruction.dst < 0)
                instruction.dst = arguments[k].index;  // in place
            else
                free_.push_back(arguments[k].index);
        }
        stack_.resize(stack_.size() - arity);
        if (constant) {
            stack_.push_back(fold(instruction));
            return;
        }
        if (code == op_pow && instruction.b.kind == in_constant) {
            const T exponent = constants_[instruction.b.index];
            if (exponent == 1) {
                stack_.push_back(instruction.a);
                return;
            }
            if (exponent == T(0.5)) instruction.op = op_power_half;
            if (std::fabs(exponent) <= 16 && exponent == std::floor(exponent)) {
                const int n = static_cast<int>(exponent);
                instruction.op = n < 0 ? op_power_inverse - n : op_power + n;
            }
        }
        if (instruction.dst < 0 && free_.empty()) {
            instruction.dst = slots_++;
        } else if (instruction.dst < 0) {
            instruction.dst = free_.back();
            free_.pop_back();
        }
        stack_.push_back({in_slot, instruction.dst});
        instructions.push_back(instruction);
    }

    Operand fold(Instruction instruction) {
        alignas(64) T lanes[64 / sizeof(T)];
        instruction.dst = -1;
        const Tile<T> tile{nullptr, 0, nullptr, 0, constants_.data(), lanes, kernel_.lanes};
        kernel_.run(&instruction, 1, tile);
        constants_.push_back(lanes[0]);
        return {in_constant, static_cast<int32_t>(constants_.size() - 1)};
    }

    [[noreturn]] static void fail(size_t p, const std::string& what) {
        throw std::invalid_argument("program " + std::to_string(p) + ": " + what);
    }

    static constexpr unsigned char arities[opcode_count] = {
#define FITX_ARITY(name, arity) arity,
        FITX_OPCODES(FITX_ARITY)
#undef FITX_ARITY
    };

    const Programs& programs_;
    size_t columns_;
    const TileKernel<T>& kernel_;
    std::vector<T> constants_;  // the caller's, then the folded ones
    std::vector<char> used_;
    std::vector<Operand> stack_;
    std::vector<int32_t> free_;
    int32_t slots_ = 0;
};

}  // namespace fitx
