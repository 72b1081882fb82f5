// Python's view of the batch fit of inner constants; the atoms and their grids are in fitx/search/atoms.
#include <nanobind/stl/tuple.h>

#include <cstring>
#include <memory>

#include "bind_util.hpp"
#include "parallel.hpp"
#include "varpro_kernels.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using fitx::check;
using fitx::In;
using fitx::Out;
using fitx::zeros;

void check_atoms(const int32_t* atoms, size_t count, int64_t arguments, int64_t multipliers) {
  for (size_t k = 0; k < count; ++k) {
    const int32_t* a = atoms + k * fitx::kAtomFields;
    if (a[0] < 0) continue;
    check(a[0] < (int32_t)fitx::Outer::count && a[1] >= 0 && a[1] < (int32_t)fitx::Form::count, "no such atom");
    check(a[2] >= 0 && a[2] < arguments && a[3] >= 0 && a[3] < arguments, "no such argument row");
    check(a[4] >= 0 && a[4] < multipliers, "no such multiplier row");
  }
}

nb::tuple fit(In<int32_t, 3> atoms, In<int32_t, 2> problem, In<double, 2> u, In<double, 2> m, In<double, 2> basis,
              In<int32_t, 1> basis_start, In<double, 2> targets, In<double, 3> theta0, int iterations, int threads) {
  const size_t P = atoms.shape(0), A = atoms.shape(1), n = u.shape(1);
  check(n > 0 && n % 8 == 0, "rows must be a multiple of 8");
  check(A >= 1 && A <= fitx::kMostAtoms && atoms.shape(2) == fitx::kAtomFields, "one to three atoms of five fields");
  check(theta0.shape(0) == P && theta0.shape(1) == A && theta0.shape(2) == fitx::kAtomTheta, "theta0: (P, A, 4)");
  check(problem.shape(0) == P && problem.shape(1) == 2, "problem: (P, 2), base and target");
  check(m.shape(1) == n && basis.shape(1) == n && targets.shape(1) == n, "rows differ");
  const int64_t bases = (int64_t)basis_start.shape(0) - 1;
  check(bases >= 1 && basis_start.data()[0] == 0, "basis_start must begin with 0");
  for (int64_t b = 0; b < bases; ++b)
    check(basis_start.data()[b] <= basis_start.data()[b + 1], "basis_start must not fall");
  check(basis_start.data()[bases] <= (int64_t)basis.shape(0), "basis_start beyond the basis");
  check_atoms(atoms.data(), P * A, (int64_t)u.shape(0), (int64_t)m.shape(0));
  for (size_t k = 0; k < P; ++k) {
    check(problem.data()[2 * k] >= 0 && problem.data()[2 * k] < bases, "no such base");
    check(problem.data()[2 * k + 1] >= 0 && problem.data()[2 * k + 1] < (int64_t)targets.shape(0), "no such target");
  }
  double *theta, *linear, *error;
  int64_t* evaluations;
  auto thetas = zeros<double>({P, A, (size_t)fitx::kAtomTheta}, &theta);
  auto linears = zeros<double>({P, A, 2}, &linear);
  auto errors = zeros<double>({P}, &error);
  auto counts = zeros<int64_t>({P}, &evaluations);
  if (P) std::memcpy(theta, theta0.data(), sizeof(double) * P * A * fitx::kAtomTheta);
  {
    nb::gil_scoped_release release;
    const auto& kernel = fitx::varpro_kernels_active();
    const fitx::VarproData data = {(int64_t)n, u.data(), m.data(), basis.data(), basis_start.data(), targets.data()};
    fitx::parallel((int64_t)P, 16, threads, [&](int64_t begin, int64_t end) {
      std::unique_ptr<double[]> scratch(new double[fitx::kVarproScratch * n]);
      for (int64_t k = begin; k < end; ++k) {
        const fitx::VarproProblem one = {atoms.data() + k * A * fitx::kAtomFields, (int)A, problem.data()[2 * k],
                                         problem.data()[2 * k + 1], theta + k * A * fitx::kAtomTheta,
                                         linear + k * A * 2, error + k, evaluations + k};
        kernel.fit(data, one, iterations, scratch.get());
      }
    });
  }
  return nb::make_tuple(thetas, linears, errors, counts);
}

Out<double> columns(In<int32_t, 2> atoms, In<double, 2> theta, In<double, 2> u, In<double, 2> m, int threads) {
  const size_t P = atoms.shape(0), n = u.shape(1);
  check(n > 0 && n % 8 == 0 && m.shape(1) == n, "rows must be a multiple of 8");
  check(atoms.shape(1) == fitx::kAtomFields, "an atom has five fields");
  check(theta.shape(0) == P && theta.shape(1) == fitx::kAtomTheta, "theta: (P, 4)");
  check_atoms(atoms.data(), P, (int64_t)u.shape(0), (int64_t)m.shape(0));
  double* v;
  auto out = zeros<double>({P, 2, n}, &v);
  nb::gil_scoped_release release;
  const auto& kernel = fitx::varpro_kernels_active();
  const fitx::VarproData data = {(int64_t)n, u.data(), m.data(), nullptr, nullptr, nullptr};
  fitx::parallel((int64_t)P, 64, threads, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const int32_t* atom = atoms.data() + k * fitx::kAtomFields;
      if (atom[0] >= 0) kernel.columns(data, atom, theta.data() + k * fitx::kAtomTheta, v + k * 2 * n);
    }
  });
  return out;
}

}  // namespace

void register_varpro(nb::module_& m) {
  m.def("varpro_fit", fit, "atoms"_a.noconvert(), "problem"_a.noconvert(), "u"_a.noconvert(), "m"_a.noconvert(), "basis"_a.noconvert(), "basis_start"_a.noconvert(), "targets"_a.noconvert(), "theta0"_a.noconvert(),
        "iterations"_a, "threads"_a = 1,
        "Fits T = base + sum c_k atom_k by variable projection and Levenberg-Marquardt, many problems at once. Returns "
        "theta (P, A, 4), linear constants (P, A, 2), errors (P,) relative to what the base leaves, inf where undefined "
        "at the start, and evaluations (P,) of residual and Jacobian.");
  m.def("varpro_columns", columns, "atoms"_a.noconvert(), "theta"_a.noconvert(), "u"_a.noconvert(), "m"_a.noconvert(), "threads"_a = 1,
        "Columns (P, 2, n) of atoms at theta, the second zero where the atom has one.");
}
