#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "bind_util.hpp"
#include "intervals.hpp"

namespace nb = nanobind;

namespace {

nb::tuple enclose(fitx::In<int32_t, 1> codes, fitx::In<int32_t, 1> operands, fitx::In<double, 1> constants,
                  fitx::In<double, 2> low, fitx::In<double, 2> high) {
    fitx::check(codes.shape(0) == operands.shape(0), "codes and operands differ in length");
    fitx::check(low.shape(0) == high.shape(0) && low.shape(1) == high.shape(1), "the ends differ in shape");
    const size_t n = low.shape(1);
    const fitx::IntervalProgram program{codes.data(), operands.data(), codes.shape(0), constants.data(),
                                        constants.shape(0)};
    fitx::check_interval_program(program, low.shape(0));
    double *lo, *hi, *blame;
    int32_t* flags;
    auto lo_out = fitx::fresh<double>({n}, &lo), hi_out = fitx::fresh<double>({n}, &hi);
    auto blame_out = fitx::fresh<double>({n}, &blame);
    auto flags_out = fitx::fresh<int32_t>({n}, &flags);
    {
        nb::gil_scoped_release release;
        fitx::enclose(program, low.data(), high.data(), n, lo, hi, blame, flags);
    }
    return nb::make_tuple(lo_out, hi_out, flags_out, blame_out);
}

}  // namespace

void register_intervals(nb::module_& m) {
    using namespace nb::literals;
    m.def("enclose", &enclose, "codes"_a.noconvert(), "operands"_a.noconvert(), "constants"_a.noconvert(),
          "low"_a.noconvert(), "high"_a.noconvert());
}
