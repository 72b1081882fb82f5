// Vectors of the instruction set that this translation unit is compiled for, in the namespace fitx::FITX_ISA.
//
// CMake compiles each *_kernels.cpp several times: with -DFITX_ISA=baseline, avx2 or avx512 and the matching flags.
// GCC's and clang's vector extension gives + - * / comparisons and `mask ? a : b`; this file adds what it lacks.
// A mask is an integer vector of 0 and -1. Nothing here contracts a*b + c by itself: say fma() where it is meant,
// so that a formula has the same bits wherever it is evaluated.
//
// Only C headers may be included by a kernel file: an inline function of a C++ header, compiled here with AVX flags,
// could be the copy that the linker keeps for everybody.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifndef FITX_ISA
#define FITX_ISA baseline
#endif

#if defined(__AVX512F__) || defined(__AVX2__) || defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define FITX_AVX512 1
#define FITX_BYTES 64
#elif defined(__AVX2__) && defined(__FMA__)
#define FITX_AVX2 1
#define FITX_BYTES 32
#else
#define FITX_BYTES 16
#endif

#define FITX_INLINE static inline __attribute__((always_inline))

namespace fitx {
namespace FITX_ISA {

typedef double f64v __attribute__((vector_size(FITX_BYTES)));
typedef float f32v __attribute__((vector_size(FITX_BYTES)));
typedef int64_t i64v __attribute__((vector_size(FITX_BYTES)));
typedef int32_t i32v __attribute__((vector_size(FITX_BYTES)));
typedef uint64_t u64v __attribute__((vector_size(FITX_BYTES)));
typedef uint32_t u32v __attribute__((vector_size(FITX_BYTES)));
typedef float f32h __attribute__((vector_size(FITX_BYTES / 2)));

// The vector, mask and lane count of a scalar type.
template <class T> struct Simd;
template <> struct Simd<double> {
    typedef f64v vec;
    typedef i64v mask;
    static constexpr int lanes = FITX_BYTES / 8;
};
template <> struct Simd<float> {
    typedef f32v vec;
    typedef i32v mask;
    static constexpr int lanes = FITX_BYTES / 4;
};
template <class V> struct Scalar;
template <> struct Scalar<f64v> { typedef double type; };
template <> struct Scalar<f32v> { typedef float type; };

// Loads and stores at any alignment.
FITX_INLINE f64v load(const double* p) { f64v v; memcpy(&v, p, sizeof v); return v; }
FITX_INLINE f32v load(const float* p) { f32v v; memcpy(&v, p, sizeof v); return v; }
FITX_INLINE void store(double* p, f64v v) { memcpy(p, &v, sizeof v); }
FITX_INLINE void store(float* p, f32v v) { memcpy(p, &v, sizeof v); }

// broadcast<V>(x): x in every lane.
template <class V> FITX_INLINE V broadcast(typename Scalar<V>::type x) { return x - V{}; }

FITX_INLINE i64v bits(f64v v) { return (i64v)v; }
FITX_INLINE i32v bits(f32v v) { return (i32v)v; }
FITX_INLINE f64v from_bits(i64v v) { return (f64v)v; }
FITX_INLINE f32v from_bits(i32v v) { return (f32v)v; }
FITX_INLINE f64v from_bits(u64v v) { return (f64v)v; }
FITX_INLINE f32v from_bits(u32v v) { return (f32v)v; }

#if FITX_AVX512
FITX_INLINE f64v fma(f64v a, f64v b, f64v c) { return _mm512_fmadd_pd(a, b, c); }
FITX_INLINE f32v fma(f32v a, f32v b, f32v c) { return _mm512_fmadd_ps(a, b, c); }
// Newton's iteration from a 14-bit estimate, three times as fast as the instruction; the last step rounds correctly
// (Markstein, IBM J. Res. Dev. 34, 1990). NaN for negative and NaN; 0, inf and the range's ends take the instruction.
FITX_INLINE f64v sqrt(f64v a) {
    const __mmask8 ends = _mm512_cmp_pd_mask(_mm512_abs_pd(a), _mm512_set1_pd(0x1p-960), _CMP_LT_OQ) |
                          _mm512_cmp_pd_mask(a, _mm512_set1_pd(0x1p1000), _CMP_GT_OQ);
    if (__builtin_expect(ends != 0, 0)) return _mm512_sqrt_pd(a);
    const f64v y = _mm512_rsqrt14_pd(a);
    f64v g = a * y, h = y * 0.5;
    for (int i = 0; i < 2; i++) {
        const f64v r = _mm512_fnmadd_pd(g, h, _mm512_set1_pd(0.5));
        g = _mm512_fmadd_pd(g, r, g);
        h = _mm512_fmadd_pd(h, r, h);
    }
    return _mm512_fmadd_pd(_mm512_fnmadd_pd(g, g, a), h, g);
}
FITX_INLINE f32v sqrt(f32v a) {
    const __mmask16 ends = _mm512_cmp_ps_mask(_mm512_abs_ps(a), _mm512_set1_ps(0x1p-100f), _CMP_LT_OQ) |
                           _mm512_cmp_ps_mask(a, _mm512_set1_ps(0x1p120f), _CMP_GT_OQ);
    if (__builtin_expect(ends != 0, 0)) return _mm512_sqrt_ps(a);
    const f32v y = _mm512_rsqrt14_ps(a);
    f32v g = a * y, h = y * 0.5f;
    const f32v r = _mm512_fnmadd_ps(g, h, _mm512_set1_ps(0.5f));
    g = _mm512_fmadd_ps(g, r, g);
    h = _mm512_fmadd_ps(h, r, h);
    return _mm512_fmadd_ps(_mm512_fnmadd_ps(g, g, a), h, g);
}
FITX_INLINE f64v floor(f64v a) { return _mm512_roundscale_pd(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
FITX_INLINE f32v floor(f32v a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
FITX_INLINE f64v ceil(f64v a) { return _mm512_roundscale_pd(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
FITX_INLINE f32v ceil(f32v a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
FITX_INLINE bool any_lane(i64v m) { return _mm512_movepi64_mask((__m512i)m) != 0; }
FITX_INLINE bool any_lane(i32v m) { return _mm512_movepi32_mask((__m512i)m) != 0; }
#elif FITX_AVX2
FITX_INLINE f64v fma(f64v a, f64v b, f64v c) { return _mm256_fmadd_pd(a, b, c); }
FITX_INLINE f32v fma(f32v a, f32v b, f32v c) { return _mm256_fmadd_ps(a, b, c); }
FITX_INLINE f64v sqrt(f64v a) { return _mm256_sqrt_pd(a); }
FITX_INLINE f32v sqrt(f32v a) { return _mm256_sqrt_ps(a); }
FITX_INLINE f64v floor(f64v a) { return _mm256_floor_pd(a); }
FITX_INLINE f32v floor(f32v a) { return _mm256_floor_ps(a); }
FITX_INLINE f64v ceil(f64v a) { return _mm256_ceil_pd(a); }
FITX_INLINE f32v ceil(f32v a) { return _mm256_ceil_ps(a); }
FITX_INLINE bool any_lane(i64v m) { return _mm256_movemask_pd((__m256d)m) != 0; }
FITX_INLINE bool any_lane(i32v m) { return _mm256_movemask_ps((__m256)m) != 0; }
#else
FITX_INLINE f64v fma(f64v a, f64v b, f64v c) { return a * b + c; }
FITX_INLINE f32v fma(f32v a, f32v b, f32v c) { return a * b + c; }
// Loops over lanes: the compiler makes one instruction of them where the target has it.
FITX_INLINE f64v sqrt(f64v a) { for (int i = 0; i < 2; i++) a[i] = __builtin_sqrt(a[i]); return a; }
FITX_INLINE f32v sqrt(f32v a) { for (int i = 0; i < 4; i++) a[i] = __builtin_sqrtf(a[i]); return a; }
FITX_INLINE f64v floor(f64v a) { for (int i = 0; i < 2; i++) a[i] = __builtin_floor(a[i]); return a; }
FITX_INLINE f32v floor(f32v a) { for (int i = 0; i < 4; i++) a[i] = __builtin_floorf(a[i]); return a; }
FITX_INLINE f64v ceil(f64v a) { for (int i = 0; i < 2; i++) a[i] = __builtin_ceil(a[i]); return a; }
FITX_INLINE f32v ceil(f32v a) { for (int i = 0; i < 4; i++) a[i] = __builtin_ceilf(a[i]); return a; }
#if defined(__SSE2__)
FITX_INLINE bool any_lane(i64v m) { return _mm_movemask_pd((__m128d)m) != 0; }
FITX_INLINE bool any_lane(i32v m) { return _mm_movemask_ps((__m128)m) != 0; }
#else
FITX_INLINE bool any_lane(i64v m) { return (m[0] | m[1]) != 0; }
FITX_INLINE bool any_lane(i32v m) { return (m[0] | m[1] | m[2] | m[3]) != 0; }
#endif
#endif

// Whether a mask holds anywhere. A comparison's lanes are long with GCC and long long with clang, where int64_t is one.
template <class M> FITX_INLINE bool any(M m) {
    if constexpr (sizeof(m[0]) == 8) return any_lane((i64v)m);
    else return any_lane((i32v)m);
}

FITX_INLINE f64v abs(f64v a) { return from_bits(bits(a) & INT64_MAX); }
FITX_INLINE f32v abs(f32v a) { return from_bits(bits(a) & INT32_MAX); }
// |a| with the sign of s.
FITX_INLINE f64v copysign(f64v a, f64v s) { return from_bits((bits(a) & INT64_MAX) | (bits(s) & INT64_MIN)); }
FITX_INLINE f32v copysign(f32v a, f32v s) { return from_bits((bits(a) & INT32_MAX) | (bits(s) & INT32_MIN)); }

// The two halves of a float vector as doubles, and back (round to nearest).
FITX_INLINE void widen(f32v v, f64v& low, f64v& high) {
    f32h half[2];
    memcpy(half, &v, sizeof v);
    low = __builtin_convertvector(half[0], f64v);
    high = __builtin_convertvector(half[1], f64v);
}
FITX_INLINE f32v narrow(f64v low, f64v high) {
    const f32h half[2] = {__builtin_convertvector(low, f32h), __builtin_convertvector(high, f32h)};
    f32v v;
    memcpy(&v, half, sizeof v);
    return v;
}

}  // namespace FITX_ISA
}  // namespace fitx
