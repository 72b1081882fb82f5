#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>

#include "bind_util.hpp"
#include "evaluate.hpp"
#include "isa.hpp"
#include "opcodes.hpp"

namespace nb = nanobind;

namespace {

using fitx::In;
using fitx::Out;

template <class T>
Out<T> evaluate(In<int32_t, 1> codes, In<int32_t, 1> operands, In<int64_t, 1> offsets, In<double, 1> constants,
                In<T, 2> columns, int threads) {
    if (codes.shape(0) != operands.shape(0)) throw std::invalid_argument("codes and operands differ in length");
    if (offsets.shape(0) == 0) throw std::invalid_argument("offsets must hold one number more than there are programs");
    if (constants.shape(0) > 0x3fffffff || columns.shape(0) > 0x3fffffff)
        throw std::invalid_argument("too many constants or columns");
    const size_t count = offsets.shape(0) - 1, n = columns.shape(1);
    T* out;
    auto values = fitx::fresh<T>({count, n}, &out);
    {
        nb::gil_scoped_release release;
        const fitx::Programs programs{codes.data(), operands.data(),  codes.shape(0),    offsets.data(),
                                      count,        constants.data(), constants.shape(0)};
        fitx::evaluate<T>(programs, columns.data(), columns.shape(0), n, threads, out);
    }
    return values;
}

std::vector<std::string> operator_names() {
    return {
#define FITX_NAME(name, arity) #name,
        FITX_OPCODES(FITX_NAME)
#undef FITX_NAME
    };
}

std::vector<std::string> available_isas() {
    std::vector<std::string> names;
    for (fitx::Isa isa : fitx::all_isas)
        if (fitx::isa_available(isa)) names.emplace_back(fitx::isa_name(isa));
    return names;
}

void set_isa(const std::string& name) {
    for (fitx::Isa isa : fitx::all_isas)
        if (name == fitx::isa_name(isa)) {
            if (!fitx::isa_available(isa))
                throw std::invalid_argument("`" + name + "` is not in this CPU or was not compiled in");
            fitx::set_isa(isa);
            return;
        }
    throw std::invalid_argument("unknown instruction set `" + name + "`: baseline, avx2 or avx512");
}

}  // namespace

void register_evaluate(nb::module_& m) {
    using namespace nb::literals;
    m.def("operator_names", &operator_names);
    m.def("isa", [] { return std::string(fitx::isa_name(fitx::active_isa())); });
    m.def("set_isa", &set_isa, "name"_a);
    m.def("available_isas", &available_isas);
    m.def("evaluate", &evaluate<double>, "codes"_a.noconvert(), "operands"_a.noconvert(), "offsets"_a.noconvert(),
          "constants"_a.noconvert(), "columns"_a.noconvert(), "threads"_a = 1);
    m.def("evaluate32", &evaluate<float>, "codes"_a.noconvert(), "operands"_a.noconvert(), "offsets"_a.noconvert(),
          "constants"_a.noconvert(), "columns"_a.noconvert(), "threads"_a = 1);
}
