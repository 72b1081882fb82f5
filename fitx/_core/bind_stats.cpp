#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <cmath>
#include <optional>
#include <stdexcept>
#include <tuple>

#include "bind_util.hpp"
#include "stats.hpp"

namespace nb = nanobind;

namespace {

using Vector = fitx::In<double, 1>;

constexpr int kHighestDegree = 5000;  // a Gram matrix of 0.2 GB

void same_length(const Vector& a, const Vector& b, const std::optional<Vector>& w) {
    if (a.shape(0) != b.shape(0) || (w && w->shape(0) != a.shape(0)))
        throw std::invalid_argument("the arrays differ in length");
}

fitx::Out<double> chebyshev_gram(Vector x, Vector y, std::optional<Vector> w, int degree, double lo, double hi,
                                 int threads) {
    same_length(x, y, w);
    if (degree < 0 || degree > kHighestDegree) throw std::invalid_argument("degree must be 0 to 5,000");
    if (!(lo < hi) || !std::isfinite(hi - lo)) throw std::invalid_argument("lo must be below hi, both finite");
    const size_t side = degree + 2;
    double* out;
    auto gram = fitx::fresh<double>({side, side}, &out);
    {
        nb::gil_scoped_release release;
        fitx::chebyshev_gram(x.data(), y.data(), w ? w->data() : nullptr, x.shape(0), degree, lo, hi, threads, out);
    }
    return gram;
}

std::tuple<size_t, double, double, double, double, double, double, size_t> moments(Vector y, Vector p,
                                                                                 std::optional<Vector> w, int threads) {
    same_length(y, p, w);
    nb::gil_scoped_release release;
    const fitx::Moments m = fitx::moments(y.data(), p.data(), w ? w->data() : nullptr, y.shape(0), threads);
    return {y.shape(0), m.sum_w, m.sum_wy, m.sum_wyy, m.sum_wrr, m.sum_wr, m.max_r, m.undefined};
}

}  // namespace

void register_stats(nb::module_& m) {
    using namespace nb::literals;
    m.def("chebyshev_gram", &chebyshev_gram, "x"_a.noconvert(), "y"_a.noconvert(), "w"_a.noconvert().none(), "degree"_a,
          "lo"_a, "hi"_a, "threads"_a = 1);
    m.def("moments", &moments, "y"_a.noconvert(), "p"_a.noconvert(), "w"_a.noconvert().none() = nb::none(),
          "threads"_a = 1);
}
