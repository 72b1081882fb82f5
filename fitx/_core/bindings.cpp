// The module: one register_<area>(m) a bind_<area>.cpp, and nothing else.
#include <nanobind/nanobind.h>

void register_evaluate(nanobind::module_& m);
void register_intervals(nanobind::module_& m);
void register_mars(nanobind::module_& m);
void register_search(nanobind::module_& m);
void register_stats(nanobind::module_& m);
void register_tree(nanobind::module_& m);
void register_varpro(nanobind::module_& m);

NB_MODULE(_native, m) {
    m.doc() = "fitx's compiled kernels: arrays in, arrays out.";
    register_evaluate(m);
    register_intervals(m);
    register_mars(m);
    register_search(m);
    register_stats(m);
    register_tree(m);
    register_varpro(m);
}
