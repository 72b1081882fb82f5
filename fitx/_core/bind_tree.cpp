#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/tuple.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <tuple>
#include <vector>

#include "search_parallel.hpp"
#include "tree_lm.hpp"
#include "tree_programs.hpp"

namespace nb = nanobind;

namespace {

template <class T> using Vector = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T> using Matrix = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T> using Array1 = nb::ndarray<nb::numpy, T, nb::ndim<1>>;
template <class T> using Array2 = nb::ndarray<nb::numpy, T, nb::ndim<2>>;

// Zeros that NumPy will own.
template <class T> struct Owned {
  explicit Owned(size_t size) : data(new T[size]()), capsule(data, [](void* p) noexcept { delete[] static_cast<T*>(p); }) {}
  T* data;
  nb::capsule capsule;
};

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

using Fitted = std::tuple<Array1<double>, Array2<double>, Array1<double>, Array1<int32_t>, Array1<int64_t>>;

Fitted tree_fit(Vector<int32_t> codes, Vector<int32_t> operands, Vector<int64_t> offsets, Vector<double> constants,
                Vector<int8_t> free, Matrix<double> columns, Vector<double> y, nb::object weights, int coarse, int fine,
                int threads) {
  const size_t rows = columns.shape(1), d = columns.shape(0);
  if (codes.shape(0) != operands.shape(0)) throw std::invalid_argument("codes and operands differ in length");
  if (offsets.shape(0) == 0) throw std::invalid_argument("offsets must hold one number more than there are programs");
  if (constants.shape(0) != free.shape(0)) throw std::invalid_argument("constants and free differ in length");
  if (y.shape(0) != rows || rows == 0) throw std::invalid_argument("y and the columns differ in length, or are empty");
  const double* w = nullptr;
  Vector<double> weight_array;
  if (!weights.is_none()) {
    weight_array = nb::cast<Vector<double>>(weights);
    if (weight_array.shape(0) != rows) throw std::invalid_argument("weights and y differ in length");
    w = weight_array.data();
  }
  const size_t count = offsets.shape(0) - 1, width = 1 + fitx::kTreeTerms;
  const fitx::Programs programs{codes.data(), operands.data(),  codes.shape(0),    offsets.data(),
                                count,        constants.data(), constants.shape(0)};
  Owned<double> fitted(constants.shape(0)), linear(count * width), error(count);
  Owned<int32_t> rank(count);
  Owned<int64_t> evaluations(count);
  {
    nb::gil_scoped_release release;
    std::memcpy(fitted.data, constants.data(), constants.shape(0) * sizeof(double));
    const Rows table(columns.data(), d, rows, y.data(), w);
    const fitx::TreeData data = table.data();
    const fitx::TreeKernels& kernels = fitx::tree_kernels_active();
    {  // malformed programs are told before threads start
      fitx::TreeCompiler check;
      for (size_t p = 0; p < count; p++) check.compile(programs, free.data(), d, p);
    }
    fitx::parallel(static_cast<int64_t>(count), 4, threads, [&](int64_t begin, int64_t end) {
      static thread_local Worker worker;
      for (int64_t p = begin; p < end; p++) {
        worker.compiler.compile(programs, free.data(), d, p);
        const fitx::TreeProgram program = worker.compiler.program();
        fitx::TreeResult result;
        kernels.fit(data, program, coarse, fine, worker.scratch(fitx::tree_scratch(program, data.n)), result);
        for (size_t k = 0; k < worker.compiler.theta_at.size(); k++)
          fitted.data[worker.compiler.origin[k]] = worker.compiler.values[worker.compiler.theta_at[k]];
        for (size_t t = 0; t < width; t++) linear.data[p * width + t] = result.linear[t];
        error.data[p] = result.error;
        rank.data[p] = result.rank;
        evaluations.data[p] = result.evaluations;
      }
    });
  }
  return {Array1<double>(fitted.data, {constants.shape(0)}, fitted.capsule),
          Array2<double>(linear.data, {count, width}, linear.capsule), Array1<double>(error.data, {count}, error.capsule),
          Array1<int32_t>(rank.data, {count}, rank.capsule),
          Array1<int64_t>(evaluations.data, {count}, evaluations.capsule)};
}

}  // namespace

void register_tree(nb::module_& m) {
  using namespace nb::literals;
  m.def("tree_fit", &tree_fit, "codes"_a.noconvert(), "operands"_a.noconvert(), "offsets"_a.noconvert(),
        "constants"_a.noconvert(), "free"_a.noconvert(), "columns"_a.noconvert(), "y"_a.noconvert(),
        "weights"_a.none(), "coarse"_a, "fine"_a, "threads"_a = 1);
}
