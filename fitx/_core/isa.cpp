#include "isa.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace fitx {

bool isa_available(Isa isa) {
    switch (isa) {
        case Isa::baseline:
            return true;
#ifdef FITX_HAVE_AVX2
        case Isa::avx2:
            return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
#ifdef FITX_HAVE_AVX512
        case Isa::avx512:
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
        default:
            return false;
    }
}

namespace {

Isa best() {
    if (isa_available(Isa::avx512)) return Isa::avx512;
    return isa_available(Isa::avx2) ? Isa::avx2 : Isa::baseline;
}

// FITX_ISA that names something this CPU lacks is ignored: a saved environment must not break another machine.
Isa initial() {
    const char* wanted = std::getenv("FITX_ISA");
    if (wanted != nullptr)
        for (Isa isa : all_isas)
            if (std::strcmp(wanted, isa_name(isa)) == 0 && isa_available(isa)) return isa;
    return best();
}

std::atomic<Isa>& current() {
    static std::atomic<Isa> isa{initial()};
    return isa;
}

}  // namespace

const char* isa_name(Isa isa) {
    return isa == Isa::avx512 ? "avx512" : isa == Isa::avx2 ? "avx2" : "baseline";
}

Isa active_isa() { return current().load(std::memory_order_relaxed); }

void set_isa(Isa isa) { current().store(isa); }

}  // namespace fitx
