// A library of expressions as values on the screening rows, and the driver of the search's kernels.
#pragma once

#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <vector>

#include "library_kernels.hpp"
#include "search_kernels.hpp"

namespace fitx {

// Set of 64-bit keys with open addressing.
class KeySet {
 public:
  explicit KeySet(size_t expected);
  bool insert(uint64_t key);  // false if it was there

 private:
  struct Free { void operator()(uint64_t* p) const; };
  std::unique_ptr<uint64_t[], Free> slots_;
  size_t mask_;
};

// Expressions numbered from 0, each once up to a factor. Number i's values are row i. Calls from several threads wait for
// one another where one of them appends.
class Library {
 public:
  Library(const double* columns, int64_t count, int rows, int64_t capacity);

  // Evaluates m candidates and appends the new ones; ids[q]: number, -1 for a duplicate or a useless one, -2 if full
  // at `limit`. The result does not depend on `threads`.
  void extend(const int32_t* op, const int32_t* a, const int32_t* b, const double* scale, const double* offset,
              int64_t m, int64_t limit, int threads, int32_t* ids);
  // The same for monomials prod_k x_k^(e_k / 2) of the columns; exponents: m rows, |e| <= 12, half powers of |x|.
  void extend_monomials(const int8_t* exponents, int64_t m, int64_t limit, int threads, int32_t* ids);

  int64_t size() const;
  int64_t tried() const;
  int rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  // out: (m, rows), the values of the expressions `ids`.
  void copy(const int32_t* ids, int64_t m, double* out) const;

  // Features (see search_kernels.hpp) of the expressions in `order`, duplicates dropped; kept: their numbers.
  void project(const int32_t* order, int64_t m, bool log, const double* weight, const double* basis, int count,
               int threads, std::vector<float>& panels, std::vector<int32_t>& kept) const;

 private:
  template <class Evaluate>
  void append(int64_t m, int64_t limit, int threads, int32_t* ids, Evaluate evaluate);

  const double* values(int64_t id) const { return values_.get() + id * rows_; }

  struct Free { void operator()(double* p) const; };
  mutable std::shared_mutex use_;
  int64_t columns_;
  int rows_;
  int64_t capacity_, size_ = 0, tried_ = 0;
  std::unique_ptr<double[], Free> values_;
  std::vector<double> powers_;      // [column][half + 12][rows]: x^(half / 2)
  std::vector<double> directions_;  // 3 x rows
  KeySet keys_;
};

}  // namespace fitx
