// Python's view of the symbolic search's kernels; the search itself is in fitx/search.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include <cstring>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "bind_util.hpp"
#include "search_driver.hpp"
#include "search_library.hpp"
#include "parallel.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using fitx::check;
using fitx::fresh;
using fitx::In;
using fitx::Out;

constexpr size_t kMostRows = size_t(1) << 24;

void check_rows(size_t rows) {
  check(rows > 0 && rows % 16 == 0 && rows <= kMostRows, "rows must be a multiple of 16, at most 2^24");
}

// Panels (p, rows, 32) and how many of their features count.
void check_panels(const In<float, 3>& panels, int64_t features) {
  check_rows(panels.shape(1));
  check(panels.shape(2) == 32, "panels: (p, rows, 32)");
  check(features >= 0 && features <= (int64_t)panels.shape(0) * 32, "features: as many as the panels hold, or fewer");
}

Out<int32_t> extend(fitx::Library& lib, In<int32_t, 1> op, In<int32_t, 1> a, In<int32_t, 1> b, In<double, 1> scale,
                    In<double, 1> offset, int64_t limit, int threads) {
  const size_t m = op.shape(0);
  check(a.shape(0) == m && b.shape(0) == m && scale.shape(0) == m && offset.shape(0) == m, "lengths differ");
  int32_t* ids;
  auto out = fresh<int32_t>({m}, &ids);
  nb::gil_scoped_release release;
  lib.extend(op.data(), a.data(), b.data(), scale.data(), offset.data(), (int64_t)m, limit, threads, ids);
  return out;
}

Out<int32_t> extend_monomials(fitx::Library& lib, In<int8_t, 2> exponents, int64_t limit, int threads) {
  check((int64_t)exponents.shape(1) == lib.columns(), "one exponent for each column");
  int32_t* ids;
  auto out = fresh<int32_t>({exponents.shape(0)}, &ids);
  nb::gil_scoped_release release;
  lib.extend_monomials(exponents.data(), (int64_t)exponents.shape(0), limit, threads, ids);
  return out;
}

Out<double> values(const fitx::Library& lib, In<int32_t, 1> ids) {
  double* v;
  auto out = fresh<double>({ids.shape(0), (size_t)lib.rows()}, &v);
  nb::gil_scoped_release release;
  lib.copy(ids.data(), (int64_t)ids.shape(0), v);
  return out;
}

nb::tuple project(const fitx::Library& lib, In<int32_t, 1> order, bool log, In<double, 1> weight, In<double, 2> basis,
                  int threads) {
  const size_t rows = (size_t)lib.rows();
  check(weight.shape(0) == rows && basis.shape(1) == rows, "rows differ");
  auto* panels = new std::vector<float>;
  auto* kept = new std::vector<int32_t>;
  nb::capsule own_panels(panels, [](void* p) noexcept { delete static_cast<std::vector<float>*>(p); });
  nb::capsule own_kept(kept, [](void* p) noexcept { delete static_cast<std::vector<int32_t>*>(p); });
  {
    nb::gil_scoped_release release;
    lib.project(order.data(), (int64_t)order.shape(0), log, weight.data(), basis.data(), (int)basis.shape(0), threads,
                *panels, *kept);
  }
  const size_t shape[3] = {(kept->size() + 31) / 32, (size_t)lib.rows(), 32}, length[1] = {kept->size()};
  return nb::make_tuple(Out<float>(panels->data(), 3, shape, own_panels), Out<int32_t>(kept->data(), 1, length, own_kept));
}

Out<float> correlate(In<float, 3> panels, In<float, 2> targets, int threads) {
  check_panels(panels, 0);
  check(targets.shape(1) == panels.shape(1), "rows differ");
  const int rows = (int)panels.shape(1);
  float* v;
  const size_t count = panels.shape(0), t = targets.shape(0);
  auto out = fresh<float>({t, count * 32}, &v);
  nb::gil_scoped_release release;
  const auto& kernel = fitx::search_kernels_active();
  fitx::parallel((int64_t)count, 64, threads, [&](int64_t begin, int64_t end) {
    kernel.correlate(panels.data(), rows, begin, end, (int64_t)count * 32, targets.data(), (int)t, v);
  });
  return out;
}

nb::tuple pairs(In<float, 3> panels, int64_t features, In<double, 2> rho, int64_t first, int64_t last, int64_t keep,
                In<double, 1> threshold, int threads) {
  const int64_t padded = (int64_t)panels.shape(0) * 32;
  const size_t targets = rho.shape(0);
  check_panels(panels, features);
  check((int64_t)rho.shape(1) == padded, "panels and rho do not belong together");
  check(threshold.shape(0) == targets && keep > 0, "one threshold for each target");
  check(0 <= first && first <= last && last <= (padded / 32 + 3) / 4, "first and last are out of range");
  double* score;
  int32_t* index;
  auto scores = fresh<double>({targets, (size_t)keep}, &score);
  auto indices = fresh<int32_t>({targets, (size_t)keep, 2}, &index);
  {
    nb::gil_scoped_release release;
    const std::vector<float> rounded(rho.data(), rho.data() + targets * padded);
    const auto hits = fitx::best_pairs(panels.data(), (int)panels.shape(1), features, rounded.data(), rho.data(),
                                       (int)targets, padded, first, last, keep, threshold.data(), threads);
    for (size_t t = 0; t < targets; ++t)
      for (int64_t q = 0; q < keep; ++q) {
        const bool there = q < (int64_t)hits[t].size();
        score[t * keep + q] = there ? hits[t][q].score : -1;
        index[(t * keep + q) * 2] = there ? hits[t][q].first : -1;
        index[(t * keep + q) * 2 + 1] = there ? hits[t][q].second : -1;
      }
  }
  return nb::make_tuple(scores, indices);
}

nb::tuple triples(In<double, 2> gram, In<double, 2> rho, int64_t first, int64_t last, int64_t keep,
                  In<double, 1> threshold, int threads) {
  const int64_t ld = (int64_t)gram.shape(1);
  const size_t targets = rho.shape(0);
  check(ld % 16 == 0 && (int64_t)gram.shape(0) <= ld && (int64_t)rho.shape(1) == ld, "gram: (n, ld), n <= ld, as rho");
  check(0 <= first && first <= last && last <= (int64_t)gram.shape(0), "first and last are out of range");
  check(threshold.shape(0) == targets && keep > 0, "one threshold for each target");
  double* score;
  int32_t* index;
  auto scores = fresh<double>({targets, (size_t)keep}, &score);
  auto indices = fresh<int32_t>({targets, (size_t)keep, 3}, &index);
  {
    nb::gil_scoped_release release;
    const auto hits = fitx::best_triples(gram.data(), ld, rho.data(), (int)targets, first, last, keep,
                                         threshold.data(), threads);
    for (size_t t = 0; t < targets; ++t)
      for (int64_t q = 0; q < keep; ++q) {
        const bool there = q < (int64_t)hits[t].size();
        int32_t* i = index + (t * keep + q) * 3;
        score[t * keep + q] = there ? hits[t][q].score : -1;
        i[0] = there ? hits[t][q].first : -1;
        i[1] = there ? hits[t][q].second : -1;
        i[2] = there ? hits[t][q].third : -1;
      }
  }
  return nb::make_tuple(scores, indices);
}

nb::tuple match(In<float, 3> panels, int64_t features, In<float, 3> residuals, int keep, int threads) {
  check_panels(panels, features);
  check_panels(residuals, 0);
  check(residuals.shape(1) == panels.shape(1) && keep > 0, "rows differ, or keep is no number of features");
  const int rows = (int)panels.shape(1);
  const size_t count = residuals.shape(0);
  double* score;
  int32_t* index;
  auto scores = fresh<double>({count * 32, (size_t)keep}, &score);
  auto indices = fresh<int32_t>({count * 32, (size_t)keep}, &index);
  {
    nb::gil_scoped_release release;
    const auto& kernel = fitx::search_kernels_active();
    fitx::parallel((int64_t)count, 1, threads, [&](int64_t begin, int64_t) {
      kernel.match(panels.data(), rows, features, residuals.data(), begin, keep, score + begin * 32 * keep,
                   index + begin * 32 * keep);
    });
  }
  return nb::make_tuple(scores, indices);
}

nb::tuple additions(In<float, 3> panels, int64_t features, In<float, 3> bases, In<float, 2> residuals, int keep,
                    int threads) {
  check_panels(panels, features);
  check(bases.shape(2) == panels.shape(1) && residuals.shape(1) == panels.shape(1), "rows differ");
  check(residuals.shape(0) == bases.shape(0), "one residual for each basis");
  check(keep > 0 && bases.shape(1) <= panels.shape(1), "keep or the bases are out of range");
  const int rows = (int)panels.shape(1), q = (int)bases.shape(1);
  const size_t count = bases.shape(0);
  float* score;
  int32_t* index;
  auto scores = fresh<float>({count, (size_t)keep}, &score);
  auto indices = fresh<int32_t>({count, (size_t)keep}, &index);
  {
    nb::gil_scoped_release release;
    const auto& kernel = fitx::search_kernels_active();
    fitx::parallel((int64_t)count, 1, threads, [&](int64_t c, int64_t) {
      kernel.addition(panels.data(), rows, features, bases.data() + c * q * rows, q, residuals.data() + c * rows, keep,
                      score + c * keep, index + c * keep);
    });
  }
  return nb::make_tuple(scores, indices);
}

}  // namespace

void register_search(nb::module_& m) {
  nb::class_<fitx::Library>(m, "Library", "Expressions as values on the screening rows, each once up to a factor.")
      .def(
          "__init__",
          [](fitx::Library* self, In<double, 2> columns, int64_t capacity) {
            check_rows(columns.shape(1));
            check(columns.shape(0) > 0, "a library needs a column");
            check(capacity > 0 && capacity < (int64_t(1) << 31), "capacity out of range");
            new (self) fitx::Library(columns.data(), (int64_t)columns.shape(0), (int)columns.shape(1), capacity);
          },
          "columns"_a.noconvert(), "capacity"_a, "columns: (d, rows) float64, rows a multiple of 16; capacity: expressions at most.")
      .def_prop_ro("size", &fitx::Library::size, "Expressions held.")
      .def_prop_ro("tried", &fitx::Library::tried, "Expressions evaluated so far.")
      .def("extend", extend, "op"_a.noconvert(), "a"_a.noconvert(), "b"_a.noconvert(), "scale"_a.noconvert(), "offset"_a.noconvert(), "limit"_a, "threads"_a = 1,
           "Appends f(scale a) + offset, or (a op scale b) + offset, for arrays of candidates; op: the evaluator's opcode, "
           "but 0 the identity and 1 the reciprocal. Returns (m,) numbers: -1 duplicate or useless, -2 full at `limit`.")
      .def("extend_monomials", extend_monomials, "exponents"_a.noconvert(), "limit"_a, "threads"_a = 1,
           "Appends prod_k x_k^(e_k/2); exponents: (m, d) int8 in [-12, 12], odd ones of |x|. Returns as `extend`.")
      .def("values", values, "ids"_a.noconvert(), "Values (m, rows) of the expressions `ids`.")
      .def("project", project, "order"_a.noconvert(), "log"_a, "weight"_a.noconvert(), "basis"_a.noconvert(), "threads"_a = 1,
           "Features of the expressions `order`: the unit vector of weight * v (or weight * log|v|) orthogonal to the "
           "orthonormal rows of `basis` (k, rows). Returns panels (p, rows, 32) float32 and the numbers (m,) kept.");
  m.def("search_correlate", correlate, "panels"_a.noconvert(), "targets"_a.noconvert(), "threads"_a = 1,
        "Correlations (t, 32 p) of all features with unit targets (t, rows), float32.");
  m.def("search_pairs", pairs, "panels"_a.noconvert(), "features"_a, "rho"_a.noconvert(), "first"_a, "last"_a, "keep"_a, "threshold"_a.noconvert(),
        "threads"_a = 1,
        "Best pairs of features by R2 for each target, the later feature in blocks [first, last) of 128. Returns "
        "scores (t, keep), -1 where there are fewer, and indices (t, keep, 2).");
  m.def("search_triples", triples, "gram"_a.noconvert(), "rho"_a.noconvert(), "first"_a, "last"_a, "keep"_a, "threshold"_a.noconvert(), "threads"_a = 1,
        "Best triples by R2 from a Gram matrix (n, ld) and correlations (t, ld), ld a multiple of 16, the last feature in "
        "[first, last). Returns scores (t, keep) and indices (t, keep, 3).");
  m.def("search_match", match, "panels"_a.noconvert(), "features"_a, "residuals"_a.noconvert(), "keep"_a, "threads"_a = 1,
        "For each residual (in panels of its own) the features of largest |correlation|: scores and indices (32 r, keep).");
  m.def("release_memory", [] {
#if defined(__GLIBC__)
    malloc_trim(0);  // free pieces between others stay with the process otherwise, after a search a hundred megabytes
#endif
  }, nb::call_guard<nb::gil_scoped_release>(), "Gives memory that is not in use back to the system, where it can.");
  m.def("search_additions", additions, "panels"_a.noconvert(), "features"_a, "bases"_a.noconvert(), "residuals"_a.noconvert(), "keep"_a, "threads"_a = 1,
        "For each orthonormal basis (m, q, rows) and residual (m, rows) orthogonal to it, the features that explain most of "
        "the residual when added: gains and indices (m, keep).");
}
