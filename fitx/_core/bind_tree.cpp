#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "bind_util.hpp"
#include "parallel.hpp"
#include "tree_lm.hpp"
#include "tree_programs.hpp"

namespace nb = nanobind;

namespace {

using fitx::check;
using fitx::In;
using fitx::zeros;

// The rows padded to whole vectors, in double and in float.
struct Rows {
  int64_t n;
  std::vector<double> columns, weight, y;
  std::vector<float> columns32, weight32, y32;
  double total = 0, mean = 0, weights = 0;

  Rows(const double* X, size_t d, size_t rows, const double* target, const double* w)
      : n((static_cast<int64_t>(rows) + fitx::kTreePad - 1) / fitx::kTreePad * fitx::kTreePad),
        columns(d * n), weight(n), y(n) {
    for (size_t j = 0; j < d; j++) {
      std::memcpy(columns.data() + j * n, X + j * rows, rows * sizeof(double));
      for (int64_t i = rows; i < n; i++) columns[j * n + i] = X[j * rows + rows - 1];
    }
    for (size_t i = 0; i < rows; i++) {
      const double one = w == nullptr ? 1.0 : w[i];
      weight[i] = std::sqrt(one);
      weights += one;
      mean += one * target[i];
    }
    mean /= weights;
    for (size_t i = 0; i < rows; i++) {
      y[i] = weight[i] * (target[i] - mean);
      total += y[i] * y[i];
    }
    columns32.assign(columns.begin(), columns.end());
    weight32.assign(weight.begin(), weight.end());
    y32.assign(y.begin(), y.end());
  }

  fitx::TreeData data() const {
    return {n, columns.data(), weight.data(), y.data(), columns32.data(), weight32.data(), y32.data(), total, mean, weights};
  }
};

// One thread's programs and memory.
struct Worker {
  fitx::TreeCompiler compiler;
  std::vector<char> memory;
  void* scratch(int64_t bytes) {
    if (memory.size() < static_cast<size_t>(bytes) + 64) memory.resize(bytes + 64);
    const uintptr_t at = reinterpret_cast<uintptr_t>(memory.data());
    return memory.data() + (64 - at % 64) % 64;
  }
};

nb::tuple tree_fit(In<int32_t, 1> codes, In<int32_t, 1> operands, In<int64_t, 1> offsets, In<double, 1> constants,
                   In<int8_t, 1> free, In<double, 2> columns, In<double, 1> y, std::optional<In<double, 1>> weights,
                   int coarse, int fine, int threads) {
  const size_t rows = columns.shape(1), d = columns.shape(0);
  check(codes.shape(0) == operands.shape(0), "codes and operands differ in length");
  check(offsets.shape(0) > 0, "offsets must hold one number more than there are programs");
  check(constants.shape(0) == free.shape(0), "constants and free differ in length");
  check(y.shape(0) == rows && rows > 0, "y and the columns differ in length, or are empty");
  check(!weights || weights->shape(0) == rows, "weights and y differ in length");
  check(constants.shape(0) <= 0x3fffffff && d <= 0x3fffffff, "too many constants or columns");
  const size_t count = offsets.shape(0) - 1, width = 1 + fitx::kTreeTerms;
  const fitx::Programs programs{codes.data(), operands.data(),  codes.shape(0),    offsets.data(),
                                count,        constants.data(), constants.shape(0)};
  double *fitted, *linear, *error;
  int32_t* rank;
  int64_t* evaluations;
  auto fitted_out = zeros<double>({constants.shape(0)}, &fitted), linear_out = zeros<double>({count, width}, &linear);
  auto error_out = zeros<double>({count}, &error);
  auto rank_out = zeros<int32_t>({count}, &rank);
  auto evaluations_out = zeros<int64_t>({count}, &evaluations);
  {
    nb::gil_scoped_release release;
    if (constants.shape(0)) std::memcpy(fitted, constants.data(), constants.shape(0) * sizeof(double));
    const Rows table(columns.data(), d, rows, y.data(), weights ? weights->data() : nullptr);
    const fitx::TreeData data = table.data();
    const fitx::TreeKernels& kernels = fitx::tree_kernels_active();
    {  // malformed programs are told before threads start
      fitx::TreeCompiler compiler;
      std::vector<char> fitted_by_one(constants.shape(0), 0);
      for (size_t p = 0; p < count; p++) {
        compiler.compile(programs, free.data(), d, p);
        for (int64_t at : compiler.origin) {
          check(!fitted_by_one[at], "a free constant must stand in one place of one program");
          fitted_by_one[at] = 1;
        }
      }
    }
    fitx::parallel(static_cast<int64_t>(count), 4, threads, [&](int64_t begin, int64_t end) {
      static thread_local Worker worker;
      for (int64_t p = begin; p < end; p++) {
        worker.compiler.compile(programs, free.data(), d, p);
        const fitx::TreeProgram program = worker.compiler.program();
        fitx::TreeResult result;
        kernels.fit(data, program, coarse, fine, worker.scratch(fitx::tree_scratch(program, data.n)), result);
        for (size_t k = 0; k < worker.compiler.theta_at.size(); k++)
          fitted[worker.compiler.origin[k]] = worker.compiler.values[worker.compiler.theta_at[k]];
        for (size_t t = 0; t < width; t++) linear[p * width + t] = result.linear[t];
        error[p] = result.error;
        rank[p] = result.rank;
        evaluations[p] = result.evaluations;
      }
    });
  }
  return nb::make_tuple(fitted_out, linear_out, error_out, rank_out, evaluations_out);
}

}  // namespace

void register_tree(nb::module_& m) {
  using namespace nb::literals;
  m.def("tree_fit", &tree_fit, "codes"_a.noconvert(), "operands"_a.noconvert(), "offsets"_a.noconvert(),
        "constants"_a.noconvert(), "free"_a.noconvert(), "columns"_a.noconvert(), "y"_a.noconvert(),
        "weights"_a.noconvert().none(), "coarse"_a, "fine"_a, "threads"_a = 1);
}
