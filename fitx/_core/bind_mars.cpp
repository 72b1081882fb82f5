// Python's view of the MARS search; the loop over steps is in fitx/mars/forward.py.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

#include "bind_util.hpp"
#include "mars_search.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using fitx::check;
using fitx::fresh;
using fitx::In;
using fitx::MarsSearch;

void init(MarsSearch* self, In<double, 2> x, In<double, 2> y, std::optional<In<double, 1>> root_weight,
          std::optional<In<uint8_t, 2>> missing, int rules, double minspan_alpha, double cache, int threads) {
  const size_t d = x.shape(0), n = x.shape(1), k = y.shape(0);
  check(n > 0 && n < (size_t)std::numeric_limits<int32_t>::max(), "rows: 1 to 2^31 - 2");
  check(y.shape(1) == n && k > 0, "y: (responses, rows)");
  check(!root_weight || root_weight->shape(0) == n, "root_weight: (rows,)");
  check(!missing || (missing->shape(0) == d && missing->shape(1) == n), "missing: as x");
  check(rules == 0 || rules == 1, "rules: 0 or 1");
  check(minspan_alpha > 0 && minspan_alpha < 1, "minspan_alpha: between 0 and 1");
  nb::gil_scoped_release release;
  new (self) MarsSearch((int64_t)n, (int64_t)d, (int64_t)k, x.data(), y.data(), root_weight ? root_weight->data() : nullptr,
                        missing ? missing->data() : nullptr, (fitx::MarsRules)rules, minspan_alpha, cache, threads);
}

void check_parent(const MarsSearch& self, int64_t parent, int64_t variable) {
  check(variable >= 0 && variable < self.variables(), "no such variable");
  check(parent >= 0 && parent < self.terms() && self.kept(parent), "no such parent");
}

// Every call lets the GIL go before it waits for its turn, which another thread may hold.
std::vector<bool> add(MarsSearch& self, int parent, int variable, const std::vector<int>& kinds, int64_t knot_row,
                      const std::vector<bool>& reverse, bool keep) {
  nb::gil_scoped_release release;
  const std::lock_guard<std::mutex> turn(self.turn);
  check_parent(self, parent, variable);
  check(kinds.size() == reverse.size() && !kinds.empty(), "kinds and reverse differ");
  std::vector<fitx::MarsTerm> terms;
  for (size_t i = 0; i < kinds.size(); ++i) {
    check(kinds[i] >= 1 && kinds[i] <= 4, "no such kind");
    check(kinds[i] != 2 || (knot_row >= 0 && knot_row < self.rows()), "no such row");
    terms.push_back({(fitx::MarsKind)kinds[i], knot_row, reverse[i]});
  }
  return self.add(parent, variable, terms, keep);
}

nb::tuple ask(MarsSearch& self, In<int32_t, 1> parent, In<int32_t, 1> variable, In<int32_t, 1> endspan, int minspan,
              In<uint8_t, 1> cover, double line_tolerance, double hinge_tolerance) {
  const size_t count = parent.shape(0);
  check(variable.shape(0) == count && endspan.shape(0) == count && cover.shape(0) == count, "the arrays differ in length");
  std::vector<fitx::MarsAnswer> answers;
  {
    nb::gil_scoped_release release;
    const std::lock_guard<std::mutex> turn(self.turn);
    std::vector<fitx::MarsQuestion> questions;
    std::unordered_set<int64_t> asked;
    for (size_t i = 0; i < count; ++i) {
      const fitx::MarsQuestion q = {parent.data()[i], variable.data()[i], endspan.data()[i], minspan, cover.data()[i] != 0};
      check_parent(self, q.parent, q.variable);
      check(q.endspan >= 0, "endspan: 0 or more");
      check(asked.insert(q.parent * self.variables() + q.variable).second, "the same parent and variable twice");
      questions.push_back(q);
    }
    self.ask(questions, line_tolerance, hinge_tolerance, answers);
  }
  double *linear, *hinge;
  int64_t* row;
  int32_t* candidates;
  bool* dependent;
  auto linears = fresh<double>({count}, &linear);
  auto hinges = fresh<double>({count}, &hinge);
  auto rows = fresh<int64_t>({count}, &row);
  auto counts = fresh<int32_t>({count}, &candidates);
  auto dependents = fresh<bool>({count}, &dependent);
  for (size_t i = 0; i < count; ++i) {
    linear[i] = answers[i].linear;
    hinge[i] = answers[i].hinge;
    row[i] = answers[i].knot_row;
    candidates[i] = answers[i].count;
    dependent[i] = answers[i].dependent;
  }
  return nb::make_tuple(linears, hinges, rows, counts, dependents);
}

double rss(MarsSearch& self) {
  nb::gil_scoped_release release;
  const std::lock_guard<std::mutex> turn(self.turn);
  return self.rss();
}

std::vector<bool> flat(const MarsSearch& self, int64_t endspan, int64_t every) {
  check(endspan >= 0 && every >= 1, "endspan: 0 or more; every: 1 or more");
  nb::gil_scoped_release release;  // what is looked at never changes
  return self.flat(std::min(endspan, self.rows()), std::min(every, self.rows()));
}

}  // namespace

void register_mars(nb::module_& m) {
  nb::class_<MarsSearch>(m, "MarsSearch")
      .def("__init__", init, "x"_a.noconvert(), "y"_a.noconvert(), "root_weight"_a.noconvert().none(), "missing"_a.noconvert().none(), "rules"_a, "minspan_alpha"_a,
           "cache"_a, "threads"_a)
      .def("add", add, "parent"_a, "variable"_a, "kinds"_a, "knot_row"_a, "reverse"_a, "keep"_a)
      .def("ask", ask, "parent"_a.noconvert(), "variable"_a.noconvert(), "endspan"_a.noconvert(), "minspan"_a, "cover"_a.noconvert(),
           "line_tolerance"_a, "hinge_tolerance"_a)
      .def("rss", rss)
      .def("flat", flat, "endspan"_a, "every"_a);
}
