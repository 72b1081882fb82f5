// Which instruction set the kernels run on: chosen once at start from the CPU, or by FITX_ISA, or by set_isa().
//
// Every kernel file is compiled once an instruction set (see CMakeLists.txt) into the namespace fitx::FITX_ISA. Such
// a file offers a table of function pointers, `const Table& table()`; the caller, which is compiled once, asks
// FITX_DISPATCH for the table in use.
#pragma once

namespace fitx {

enum class Isa { baseline = 0, avx2 = 1, avx512 = 2 };

// The instruction set in use.
Isa active_isa();
const char* isa_name(Isa isa);
// Compiled in, and this CPU has it.
bool isa_available(Isa isa);
void set_isa(Isa isa);
constexpr Isa all_isas[] = {Isa::baseline, Isa::avx2, Isa::avx512};

}  // namespace fitx

// FITX_DISPATCH(function): calls fitx::<active>::function(); declare it with FITX_DECLARE(Type, function).
#ifdef FITX_HAVE_AVX512
#define FITX_IF_AVX512(...) __VA_ARGS__
#else
#define FITX_IF_AVX512(...)
#endif
#ifdef FITX_HAVE_AVX2
#define FITX_IF_AVX2(...) __VA_ARGS__
#else
#define FITX_IF_AVX2(...)
#endif

// Inside namespace fitx: declares `const Type& function()` of each instruction set and `function_active()`.
#define FITX_DECLARE(Type, function)                                                    \
    namespace baseline { const Type& function(); }                                      \
    FITX_IF_AVX2(namespace avx2 { const Type& function(); })                            \
    FITX_IF_AVX512(namespace avx512 { const Type& function(); })                        \
    inline const Type& function##_active() {                                            \
        switch (active_isa()) {                                                         \
            FITX_IF_AVX512(case Isa::avx512: return avx512::function();)                \
            FITX_IF_AVX2(case Isa::avx2: return avx2::function();)                      \
            default: return baseline::function();                                       \
        }                                                                               \
    }
