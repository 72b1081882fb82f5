// From postfix tokens to the trees that are fitted: what depends on a free constant, what is computed once.
#pragma once

#include <stdint.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "evaluate.hpp"
#include "opcodes.hpp"
#include "tree_lm.hpp"

namespace fitx {

// A program that leaves T values on the stack has T linear terms. Constants are copied: `values` are fitted in place.
class TreeCompiler {
public:
  std::vector<TreeNode> nodes;
  std::vector<int32_t> roots, term_of, theta_at;
  std::vector<double> values;
  std::vector<int64_t> origin;  // of each free constant in the caller's constants
  int kept = 0;

  // free: (constants,), not 0 where the constant is to be fitted. Throws std::invalid_argument for a malformed program.
  void compile(const Programs& programs, const int8_t* free, size_t columns, size_t p) {
    nodes.clear(), roots.clear(), term_of.clear(), theta_at.clear(), values.clear(), origin.clear();
    kept = 0;
    const int64_t begin = programs.offsets[p], end = programs.offsets[p + 1];
    if (begin < 0 || end < begin || static_cast<uint64_t>(end) > programs.tokens)
      fail(p, "offsets out of order or beyond the tokens");
    stack_.clear();
    for (int64_t i = begin; i < end; i++) token(programs, free, columns, p, programs.codes[i], programs.operands[i]);
    if (stack_.empty()) fail(p, "leaves no value");
    if (stack_.size() > kTreeTerms) fail(p, "more than " + std::to_string(kTreeTerms) + " terms");
    roots.assign(stack_.begin(), stack_.end());
    if (nodes.size() > kTreeNodes) fail(p, "more than " + std::to_string(kTreeNodes) + " nodes");
    if (theta_at.size() > kTreeTheta) fail(p, "more than " + std::to_string(kTreeTheta) + " free constants");
    finish();
  }

  TreeProgram program() {
    return {nodes.data(), static_cast<int>(nodes.size()), roots.data(), static_cast<int>(roots.size()),
            static_cast<int>(theta_at.size()), kept, term_of.data(), values.data(), theta_at.data()};
  }

private:
  void token(const Programs& programs, const int8_t* free, size_t columns, size_t p, int32_t code, int32_t operand) {
    if (code == op_var) {
      if (operand < 0 || static_cast<size_t>(operand) >= columns)
        fail(p, "column " + std::to_string(operand) + " of " + std::to_string(columns));
      push({op_var, operand, 0, -1, -1, false});
      return;
    }
    if (code == op_const) {
      if (operand < 0 || static_cast<size_t>(operand) >= programs.constant_count)
        fail(p, "constant " + std::to_string(operand) + " of " + std::to_string(programs.constant_count));
      const bool theta = free[operand] != 0;
      const int32_t number = theta ? static_cast<int32_t>(theta_at.size()) : -1;
      if (theta) {
        theta_at.push_back(static_cast<int32_t>(values.size()));
        origin.push_back(operand);
      }
      push({op_const, static_cast<int32_t>(values.size()), 0, number, -1, theta});
      values.push_back(programs.constants[operand]);
      return;
    }
    const int arity = arity_of(code);
    if (arity == 0) fail(p, "no derivative of opcode " + std::to_string(code));
    if (stack_.size() < static_cast<size_t>(arity)) fail(p, "an operator lacks its operands");
    const int32_t b = stack_.back();
    if (arity == 2) stack_.pop_back();
    const int32_t a = stack_.back();
    stack_.pop_back();
    const bool active = nodes[a].active || (arity == 2 && nodes[b].active);
    if (code == op_pow && nodes[b].active) {  // a^b = exp(b log a): log a is often computed once
      push({tree_log_guard, a, a, -1, -1, nodes[a].active});
      const int32_t logarithm = stack_.back();
      stack_.pop_back();
      push({op_mul, b, logarithm, -1, -1, true});
      const int32_t product = stack_.back();
      stack_.pop_back();
      push({op_exp, product, product, -1, -1, true});
      return;
    }
    if (code == op_pow && nodes[b].op == op_const) {
      const double e = values[nodes[b].a];
      if (std::fabs(e) <= 16 && e == std::floor(e)) {
        push({tree_power, a, static_cast<int32_t>(e), -1, -1, active});
        return;
      }
    }
    push({code, a, arity == 2 ? b : a, -1, -1, active});
  }

  void push(const TreeNode& node) {
    stack_.push_back(static_cast<int32_t>(nodes.size()));
    nodes.push_back(node);
  }

  // Which nodes are kept for all rows, and to which term each free constant belongs.
  void finish() {
    term_of.resize(theta_at.size());
    std::vector<int32_t> term(nodes.size(), -1);
    for (size_t t = 0; t < roots.size(); t++) term[roots[t]] = static_cast<int32_t>(t);
    for (size_t i = nodes.size(); i-- > 0;) {
      TreeNode& node = nodes[i];
      if (node.op == op_const && node.theta >= 0) term_of[node.theta] = term[i];
      if (node.op == op_var || node.op == op_const) continue;
      const bool two = node.op != tree_power && node.a != node.b;
      for (int32_t child : {node.a, two ? node.b : node.a}) {
        term[child] = term[i];
        TreeNode& c = nodes[child];
        if (node.active && !c.active && c.op != op_var && c.op != op_const && c.kept < 0) c.kept = kept++;
      }
    }
  }

  static int arity_of(int32_t code) {
    switch (code) {
      case op_add: case op_sub: case op_mul: case op_div: case op_pow:
        return 2;
      case op_neg: case op_sqrt: case op_cbrt: case op_square: case op_cube: case op_exp: case op_log: case op_log10:
      case op_sin: case op_cos: case op_tan: case op_asin: case op_acos: case op_atan: case op_sinh: case op_cosh:
      case op_tanh: case op_abs: case op_logistic:
        return 1;
      default:
        return 0;
    }
  }

  [[noreturn]] static void fail(size_t p, const std::string& what) {
    throw std::invalid_argument("program " + std::to_string(p) + ": " + what);
  }

  std::vector<int32_t> stack_;
};

}  // namespace fitx
