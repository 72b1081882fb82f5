// Elementary functions of vectors, in the namespace fitx::FITX_ISA: at most 4 ulp in double, IEEE special values.
//
// Argument reduction by Cody and Waite (Software Manual for the Elementary Functions, 1980) in three or four parts,
// then a polynomial that interpolates at Chebyshev nodes (computed to 40 digits). The logarithm reduces by a table of
// 16 reciprocals, after Tang (ACM TOMS 16, 1990). Arguments beyond the reduction's reach go to libm, lane by lane.
// The float functions serve screening: a few ulp of float.
#pragma once

#include "simd.hpp"

namespace fitx {
namespace FITX_ISA {

// c[0] + c[1] x + ... by Horner: neighbouring vectors overlap, so the long chain costs nothing.
template <int n, class V, class S> FITX_INLINE V polynomial(V x, const S (&c)[n]) {
    V sum = broadcast<V>(c[n - 1]);
    for (int i = n - 2; i >= 0; i--) sum = fma(sum, x, broadcast<V>(c[i]));
    return sum;
}

// scalar(v[i]) in the lanes of `where`.
template <class V, class M, class F> FITX_INLINE V patch_lanes(V result, V x, M where, F scalar) {
    for (unsigned i = 0; i < sizeof(V) / sizeof(x[0]); i++)
        if (where[i]) result[i] = scalar(x[i]);
    return result;
}

// A float function by way of the double one.
template <class F> FITX_INLINE f32v through_double(f32v x, F function) {
    f64v low, high;
    widen(x, low, high);
    return narrow(function(low), function(high));
}

// ---- rounding to integers: 1.5 * 2^52 makes the last bits of the sum the nearest integer (2^23 for float)
// integer: right in its low 32 bits; unsigned, so that shifts and sums may wrap.
struct Rounded64 { f64v value; u64v integer; };
struct Rounded32 { f32v value; u32v integer; };
FITX_INLINE Rounded64 round_to_integer(f64v x, double factor = 1.0) {
    const f64v t = fma(x, broadcast<f64v>(factor), broadcast<f64v>(0x1.8p52));
    return {t - 0x1.8p52, (u64v)t};
}
FITX_INLINE Rounded32 round_to_integer(f32v x, float factor = 1.0f) {
    const f32v t = fma(x, broadcast<f32v>(factor), broadcast<f32v>(0x1.8p23f));
    return {t - 0x1.8p23f, (u32v)t};
}

// ---- x * 2^n for the integer n, |n| <= 1200 (160 for float): overflows to inf, underflows gradually
FITX_INLINE f64v scale(f64v x, Rounded64 n) {
#if FITX_AVX512
    return _mm512_scalef_pd(x, n.value);
#else
    // 2^n = 2^(n/2) 2^(n - n/2), each factor a normal number.
    const Rounded64 half = round_to_integer(n.value * 0.5);
    const Rounded64 rest = round_to_integer(n.value - half.value);
    return (x * from_bits((half.integer << 52) + UINT64_C(0x3ff0000000000000))) *
           from_bits((rest.integer << 52) + UINT64_C(0x3ff0000000000000));
#endif
}
FITX_INLINE f32v scale(f32v x, Rounded32 n) {
#if FITX_AVX512
    return _mm512_scalef_ps(x, n.value);
#else
    const Rounded32 half = round_to_integer(n.value * 0.5f);
    const Rounded32 rest = round_to_integer(n.value - half.value);
    return (x * from_bits((half.integer << 23) + 0x3f800000u)) * from_bits((rest.integer << 23) + 0x3f800000u);
#endif
}

// x between -limit and limit; NaN stays.
FITX_INLINE f64v clamp(f64v x, f64v limit) {
#if FITX_AVX512
    return _mm512_max_pd(-limit, _mm512_min_pd(limit, x));
#else
    x = limit < x ? limit : x;
    return -limit > x ? -limit : x;
#endif
}
FITX_INLINE f32v clamp(f32v x, f32v limit) {
#if FITX_AVX512
    return _mm512_max_ps(-limit, _mm512_min_ps(limit, x));
#else
    x = limit < x ? limit : x;
    return -limit > x ? -limit : x;
#endif
}

// ---- exponential: e^x = 2^n e^r, r = x - n ln 2; em1 = e^r - 1
struct Exp64 { f64v em1; Rounded64 n; };
FITX_INLINE Exp64 exp_parts(f64v x) {
    constexpr double c[] = {0.5000000000000001022,    0.1666666666666666745,     0.04166666666662412787,
                            0.008333333333330061833,  0.00138888889172137169,    0.0001984126986305361688,
                            0.00002480152129595437513, 2.755726845999706477e-6,  2.762008844540974816e-7,
                            2.510038549551031908e-8};
    x = clamp(x, broadcast<f64v>(800.0));
    const Rounded64 n = round_to_integer(x, 1.442695040888963407);
    f64v r = fma(n.value, broadcast<f64v>(-0x1.62e42fee00000p-1), x);
    r = fma(n.value, broadcast<f64v>(-0x1.a39ef35793c76p-33), r);
    return {fma(r * r, polynomial(r, c), r), n};
}
FITX_INLINE f64v exp(f64v x) {
    const Exp64 p = exp_parts(x);
    return scale(p.em1 + 1.0, p.n);
}
struct Exp32 { f32v em1; Rounded32 n; };
FITX_INLINE Exp32 exp_parts(f32v x) {
    constexpr float c[] = {0.5f, 0.16666577f, 0.0416665546f, 0.00836317905f, 0.00139261836f};
    x = clamp(x, broadcast<f32v>(110.0f));
    const Rounded32 n = round_to_integer(x, 1.44269504f);
    f32v r = fma(n.value, broadcast<f32v>(-0.693115234375f), x);
    r = fma(n.value, broadcast<f32v>(-0.000031946183298714459f), r);
    return {fma(r * r, polynomial(r, c), r), n};
}
FITX_INLINE f32v exp(f32v x) {
    const Exp32 p = exp_parts(x);
    return scale(p.em1 + 1.0f, p.n);
}

// e^x - 1 for |x| <= 100.
FITX_INLINE f64v expm1_moderate(f64v x) {
    const Exp64 p = exp_parts(x);
    const f64v power = from_bits((p.n.integer << 52) + UINT64_C(0x3ff0000000000000));
    return fma(power, p.em1, power - 1.0);
}
FITX_INLINE f32v expm1_moderate(f32v x) {
    const Exp32 p = exp_parts(x);
    const f32v power = from_bits((p.n.integer << 23) + 0x3f800000u);
    return fma(power, p.em1, power - 1.0f);
}

// ---- logarithm: x = 2^e m, m in [0.75, 1.5); log m = log1p(m c - 1) - log c with c ~ 1/m from 16 bins, which the
// first four bits of the fraction number; c = 1 on both sides of 1
alignas(64) static const double log_reciprocal[16] = {
    1.0,           0.914306640625, 0.86474609375, 0.820556640625, 0.780517578125, 0.744140625,
    0.711181640625, 0.680908203125, 1.30615234375, 1.2548828125,  1.20751953125,  1.16357421875,
    1.122802734375, 1.084716796875, 1.049072265625, 1.0};
alignas(64) static const double log_table[16] = {
    0.0,                   0.08958927076802386,   0.1453193483765648636,  0.1977723389942380506,
    0.247798017659502265,  0.2955252499128068203, 0.3408274097599091104,  0.3843277790918547598,
    -0.2670856731707085189, -0.2270421917298670788, -0.1885682813620178014, -0.1514964909393437192,
    -0.115828000820580104, -0.08131893621656476089, -0.04790621705565139521, 0.0};

// table[index & 15] a lane.
FITX_INLINE f64v lookup16(const double* table, i64v index) {
#if FITX_AVX512
    return _mm512_permutex2var_pd(_mm512_load_pd(table), (__m512i)index, _mm512_load_pd(table + 8));
#elif FITX_AVX2
    return _mm256_i64gather_pd(table, (__m256i)(index & 15), 8);
#else
    const f64v v = {table[index[0] & 15], table[index[1] & 15]};
    return v;
#endif
}

// x = 2^e m for positive normal x (with AVX-512 also for subnormal x).
FITX_INLINE void split_exponent(f64v x, f64v& m, f64v& e) {
#if FITX_AVX512
    m = _mm512_getmant_pd(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_zero);
    e = _mm512_getexp_pd(x);
    e = _mm512_mask_add_pd(e, _mm512_cmp_pd_mask(m, _mm512_set1_pd(1.0), _CMP_LT_OQ), e, _mm512_set1_pd(1.0));
#else
    // The exponent's bias is kept, so that a logical shift serves; 0x3fe8... is 0.75.
    const u64v u = (u64v)x + UINT64_C(0x0008000000000000);
    m = from_bits((u & UINT64_C(0x000fffffffffffff)) + UINT64_C(0x3fe8000000000000));
    e = from_bits((u >> 52) + UINT64_C(0x4330000000000000)) - (0x1p52 + 1023.0);
#endif
}
FITX_INLINE void split_exponent(f32v x, f32v& m, f32v& e) {
#if FITX_AVX512
    m = _mm512_getmant_ps(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_zero);
    e = _mm512_getexp_ps(x);
    e = _mm512_mask_add_ps(e, _mm512_cmp_ps_mask(m, _mm512_set1_ps(1.0f), _CMP_LT_OQ), e, _mm512_set1_ps(1.0f));
#else
    const u32v u = (u32v)x + 0x00400000u;
    m = from_bits((u & 0x007fffffu) + 0x3f400000u);
    e = __builtin_convertvector((i32v)(u >> 23) - 127, f32v);
#endif
}

// y = log x for positive normal x; sets the lanes of zero, negative, subnormal, infinite and NaN x right.
FITX_INLINE f64v log_special(f64v y, f64v x) {
#if FITX_AVX512
    // One token of four bits a class: NaN -> NaN; 0 -> -inf; +1, other positive -> y; -inf, negative ->
    // the indefinite NaN; +inf -> +inf.
    return _mm512_fixupimm_pd(y, x, _mm512_set1_epi64(0x03530422), 0);
#else
    const i64v special = ~((x >= 0x1p-1022) & (x < __builtin_inf()));
    if (__builtin_expect(any(special), 0)) {
        y = x < 0.0 ? broadcast<f64v>(__builtin_nan("")) : y;
        y = x == 0.0 ? broadcast<f64v>(-__builtin_inf()) : y;
        y = x == __builtin_inf() ? x : y;
        y = x != x ? x : y;
        y = patch_lanes(y, x, (x > 0.0) & (x < 0x1p-1022), [](double v) { return ::log(v); });
    }
    return y;
#endif
}
FITX_INLINE f32v log_special(f32v y, f32v x) {
#if FITX_AVX512
    return _mm512_fixupimm_ps(y, x, _mm512_set1_epi32(0x03530422), 0);
#else
    const i32v special = ~((x >= 0x1p-126f) & (x < __builtin_inff()));
    if (__builtin_expect(any(special), 0)) {
        y = x < 0.0f ? broadcast<f32v>(__builtin_nanf("")) : y;
        y = x == 0.0f ? broadcast<f32v>(-__builtin_inff()) : y;
        y = x == __builtin_inff() ? x : y;
        y = x != x ? x : y;
        y = patch_lanes(y, x, (x > 0.0f) & (x < 0x1p-126f), [](float v) { return ::logf(v); });
    }
    return y;
#endif
}

FITX_INLINE f64v log(f64v x) {
    constexpr double c[] = {0.333333333333333307,  -0.2500000000000637979, 0.2000000000008593454,
                            -0.1666666662383766598, 0.142857135544677675,  -0.1250007063211895698,
                            0.1111279853379415927, -0.09973285931559394729, 0.08031801102702184633};
    f64v m, e;
    split_exponent(x, m, e);
    const i64v bin = (i64v)((u64v)bits(m) >> 48);
    const f64v reciprocal = lookup16(log_reciprocal, bin);
#if FITX_AVX512 || FITX_AVX2
    const f64v r = fma(m, reciprocal, broadcast<f64v>(-1.0));
#else
    // The reciprocals have 13 bits and the high part of m 26: the first product and difference are exact.
    const f64v high = from_bits(bits(m) & ~INT64_C(0x7ffffff));
    const f64v r = (high * reciprocal - 1.0) + (m - high) * reciprocal;
#endif
    const f64v big = fma(e, broadcast<f64v>(0x1.62e42fee00000p-1), lookup16(log_table, bin));
    const f64v r2 = r * r;
    f64v rest = fma(r * r2, polynomial(r, c), r2 * -0.5);
    rest = fma(e, broadcast<f64v>(0x1.a39ef35793c76p-33), rest);
    return log_special(big + (r + rest), x);  // big = 0 or |big| > |r|
}
FITX_INLINE f32v log(f32v x) {
    constexpr float c[] = {0.333333463f, -0.250001446f, 0.199968704f, -0.166494093f,
                           0.143823349f, -0.130620073f, 0.108974754f, -0.0514814583f};
    f32v m, e;
    split_exponent(x, m, e);
    const f32v f = m - 1.0f;
    const f32v f2 = f * f;
    f32v y = fma(f * f2, polynomial(f, c), f2 * -0.5f);
    y = fma(e, broadcast<f32v>(0.000031946183298714459f), y) + f;
    return log_special(fma(e, broadcast<f32v>(0.693115234375f), y), x);
}
FITX_INLINE f64v log10(f64v x) { return log(x) * 0.4342944819032518276; }
FITX_INLINE f32v log10(f32v x) { return log(x) * 0.4342944819f; }

// ---- x - n pi/2 for integers |n| <= 2^44 (2^20 without FMA), to the last bits even beside a multiple of pi/2
FITX_INLINE f64v minus_half_pi(f64v x, f64v n) {
#if FITX_AVX512 || FITX_AVX2
    x = fma(n, broadcast<f64v>(-0x1.921fb54442d18p+0), x);
    x = fma(n, broadcast<f64v>(-0x1.1a62633145c07p-54), x);
    return fma(n, broadcast<f64v>(0x1.f1976b7ed8fbcp-110), x);
#else
    // Parts of 33 bits: their products with n are exact.
    x = x - n * 0x1.921fb54400000p+0;
    x = x - n * 0x1.0b4611a600000p-34;
    x = x - n * 0x1.3198a2e000000p-69;
    return x - n * 0x1.b839a252049c1p-104;
#endif
}
FITX_INLINE f32v minus_half_pi(f32v x, f32v n) {
#if FITX_AVX512 || FITX_AVX2
    x = fma(n, broadcast<f32v>(-0x1.921fb6p+0f), x);
    x = fma(n, broadcast<f32v>(0x1.777a5cp-25f), x);
    return fma(n, broadcast<f32v>(0x1.ee59dap-50f), x);
#else
    x = x - n * 0x1.92p+0f;
    x = x - n * 0x1.fb4p-12f;
    x = x - n * 0x1.444p-24f;
    return x - n * 0x1.68c234p-39f;
#endif
}

// x - n pi: with FMA the same parts doubled, exactly.
FITX_INLINE f64v minus_pi(f64v x, f64v n) {
#if FITX_AVX512 || FITX_AVX2
    x = fma(n, broadcast<f64v>(-0x1.921fb54442d18p+1), x);
    x = fma(n, broadcast<f64v>(-0x1.1a62633145c07p-53), x);
    return fma(n, broadcast<f64v>(0x1.f1976b7ed8fbcp-109), x);
#else
    return minus_half_pi(x, n + n);
#endif
}
FITX_INLINE f32v minus_pi(f32v x, f32v n) {
#if FITX_AVX512 || FITX_AVX2
    x = fma(n, broadcast<f32v>(-0x1.921fb6p+1f), x);
    x = fma(n, broadcast<f32v>(0x1.777a5cp-24f), x);
    return fma(n, broadcast<f32v>(0x1.ee59dap-49f), x);
#else
    return minus_half_pi(x, n + n);
#endif
}

// sin r for |r| <= pi/2.
FITX_INLINE f64v sin_reduced(f64v r) {
    constexpr double c[] = {-0.1666666666666666663,   0.008333333333333315857, -0.0001984126984125496488,
                            2.755731921916083259e-6,  -2.505210761669044982e-8, 1.60589772926427429e-10,
                            -7.643969663988074354e-13, 2.731436876937989187e-15};
    const f64v z = r * r;
    return fma(r * z, polynomial(z, c), r);
}
FITX_INLINE f32v sin_reduced(f32v r) {
    constexpr float c[] = {-0.16666666f, 0.00833324211f, -0.000198227358f, 2.63474456e-6f};
    const f32v z = r * r;
    return fma(r * z, polynomial(z, c), r);
}

// Above these the reduction loses bits (inf and NaN come out as NaN by themselves).
#if FITX_AVX512 || FITX_AVX2
constexpr double trig_limit = 1e13;
constexpr float trig_limit_float = 3e4f;
#else
constexpr double trig_limit = 5e5;
constexpr float trig_limit_float = 3e3f;
#endif

// The binary digits of 1/pi after a word of zeros: enough for the largest double.
static const uint64_t inverse_pi[] = {
    0x0000000000000000, 0x517cc1b727220a94, 0xfe13abe8fa9a6ee0, 0x6db14acc9e21c820,
    0xff28b1d5ef5de2b0, 0xdb92371d2126e970, 0x0324977504e8c90e, 0x7f0ef58e5894d39f,
    0x74411afa975da242, 0x74ce38135a2fbf20, 0x9cc8eb1cc1a99cfa, 0x4e422fc5defc941d,
    0x8ffc4bffef02cc07, 0xf79788c5ad05368f, 0xb69b3f6793e584db, 0xa7a31fb34f2ff516,
    0xba93dd63f5f2f8bd, 0x9e839cfbc5294975, 0x35fdafd88fc6ae84, 0x2b0198237e3db5d5};

// |x|/pi + shift/2 = n + r/pi (mod 2) with |r| <= pi/2, for finite |x| >= 2^18, after Payne and Hanek (SIGNUM 18,
// 1983): |x| = m 2^e, and those digits of 1/pi that are multiples of 2 after the shift by e are left out.
FITX_INLINE double reduce_large(double x, int shift, int64_t& n) {
    int64_t word;
    memcpy(&word, &x, sizeof x);
    const uint64_t m = (word & 0x000fffffffffffff) | 0x0010000000000000;
    const int position = 64 + (int)((word >> 52) & 0x7ff) - 1075;
    const uint64_t* digits = inverse_pi + position / 64 - (position % 64 == 0);
    const int up = position % 64 == 0 ? 63 : position % 64 - 1;
    uint64_t w[3];
    for (int i = 0; i < 3; i++) w[i] = up == 0 ? digits[i] : digits[i] << up | digits[i + 1] >> (64 - up);
    const unsigned __int128 low = (unsigned __int128)m * w[1] + (uint64_t)((unsigned __int128)m * w[2] >> 64);
    // Units of 2^-63 of a half turn.
    const uint64_t high = m * w[0] + (uint64_t)(low >> 64) + ((uint64_t)shift << 62);
    n = (int64_t)((high + (UINT64_C(1) << 62)) >> 63);
    const int64_t rest = (int64_t)(high - ((uint64_t)n << 63));
    return ((double)rest * 0x1p-63 + (double)(uint64_t)low * 0x1p-127) * 3.141592653589793238;
}
// y with the lanes of large |x| replaced: sin |x| (shift 0) or cos x (shift 1).
FITX_INLINE f64v trig_large(f64v y, f64v x, int shift) {
    const i64v large = (abs(x) > trig_limit) & (abs(x) < __builtin_inf());
    f64v r{};
    i64v flip{};
    for (int i = 0; i < Simd<double>::lanes; i++)
        if (large[i]) {
            int64_t n;
            r[i] = reduce_large(x[i], shift, n);
            flip[i] = (int64_t)((uint64_t)n << 63);
        }
    const f64v z = from_bits(bits(sin_reduced(r)) ^ flip);
    return large ? z : y;
}
template <class F> FITX_INLINE f32v trig_special(f32v y, f32v x, F precise) {
    const i32v large = abs(x) > trig_limit_float;
    if (__builtin_expect(any(large), 0)) y = large ? through_double(x, precise) : y;
    return y;
}

// sin x = (-1)^n sin(x - n pi)
FITX_INLINE f64v sin(f64v x) {
    const Rounded64 n = round_to_integer(x, 0.3183098861837906715);
    f64v y = sin_reduced(minus_pi(x, n.value));
    y = from_bits((u64v)y ^ (n.integer << 63));
    if (__builtin_expect(any(abs(x) > trig_limit), 0))
        y = from_bits(bits(trig_large(from_bits(bits(y) ^ (bits(x) & INT64_MIN)), x, 0)) ^ (bits(x) & INT64_MIN));
    return x == f64v{} ? x : y;  // -0 stays -0
}
// cos x = (-1)^(n+1) sin(x - (2n+1) pi/2)
FITX_INLINE f64v cos(f64v x) {
    const Rounded64 n = round_to_integer(fma(x, broadcast<f64v>(0.3183098861837906715), broadcast<f64v>(-0.5)));
    f64v y = sin_reduced(minus_half_pi(x, fma(n.value, broadcast<f64v>(2.0), broadcast<f64v>(1.0))));
    y = from_bits((u64v)y ^ (~n.integer << 63));
    if (__builtin_expect(any(abs(x) > trig_limit), 0)) y = trig_large(y, x, 1);
    return y;
}
FITX_INLINE f32v sin(f32v x) {
    const Rounded32 n = round_to_integer(x, 0.318309886f);
    f32v y = sin_reduced(minus_pi(x, n.value));
    y = from_bits((u32v)y ^ (n.integer << 31));
    return x == f32v{} ? x : trig_special(y, x, [](f64v v) { return sin(v); });
}
FITX_INLINE f32v cos(f32v x) {
    const Rounded32 n = round_to_integer(fma(x, broadcast<f32v>(0.318309886f), broadcast<f32v>(-0.5f)));
    f32v y = sin_reduced(minus_half_pi(x, fma(n.value, broadcast<f32v>(2.0f), broadcast<f32v>(1.0f))));
    y = from_bits((u32v)y ^ (~n.integer << 31));
    return trig_special(y, x, [](f64v v) { return cos(v); });
}
// tan x from the sine and cosine of x - n pi/2.
FITX_INLINE f64v tan(f64v x) {
    constexpr double s[] = {-0.1666666666666666461,  0.008333333333330936554, -0.000198412698367405321,
                            2.755731609319840519e-6, -2.505112989645018631e-8, 1.591798897939743326e-10};
    constexpr double c[] = {0.04166666666666666538,  -0.001388888888888738977, 0.00002480158729875440117,
                            -2.755731726587808004e-7, 2.087614504941317909e-9, -1.138254464534925044e-11};
    const Rounded64 n = round_to_integer(x, 0.6366197723675813431);
    const f64v r = minus_half_pi(x, n.value);
    const f64v z = r * r;
    const f64v sine = fma(r * z, polynomial(z, s), r);
    const f64v half = z * 0.5;
    const f64v top = 1.0 - half;  // its rounding error goes back in with the small terms
    const f64v cosine = top + (((1.0 - top) - half) + z * z * polynomial(z, c));
    const i64v odd = (n.integer << 63) != 0;
    f64v y = (odd ? -cosine : sine) / (odd ? sine : cosine);
    const i64v large = (abs(x) > trig_limit) & (abs(x) < __builtin_inf());
    if (__builtin_expect(any(large), 0)) y = patch_lanes(y, x, large, [](double v) { return ::tan(v); });
    return x == f64v{} ? x : y;
}
FITX_INLINE f32v tan(f32v x) { return through_double(x, [](f64v v) { return tan(v); }); }

// ---- hyperbolic functions from e^|x| - 1, which keeps small arguments exact
FITX_INLINE f64v tanh(f64v x) {
    const f64v a = abs(x);
    const f64v t = expm1_moderate((a > 20.0 ? broadcast<f64v>(20.0) : a) * 2.0);
    return copysign(t / (t + 2.0), x);
}
FITX_INLINE f32v tanh(f32v x) {
    const f32v a = abs(x);
    const f32v t = expm1_moderate((a > 10.0f ? broadcast<f32v>(10.0f) : a) * 2.0f);
    return copysign(t / (t + 2.0f), x);
}
// 2^(n-1) e^r: half the exponential without overflow before it must.
FITX_INLINE f64v half_exp(f64v a) {
    Exp64 p = exp_parts(a);
    p.n = round_to_integer(p.n.value - 1.0);
    return scale(p.em1 + 1.0, p.n);
}
FITX_INLINE f64v sinh(f64v x) {
    const f64v a = abs(x);
    const f64v t = expm1_moderate(a > 40.0 ? broadcast<f64v>(40.0) : a);
    const f64v small = (t + t / (t + 1.0)) * 0.5;
    return copysign(a > 30.0 ? half_exp(a) : small, x);
}
FITX_INLINE f64v cosh(f64v x) {
    const f64v h = half_exp(abs(x));
    return h + 0.25 / h;
}
FITX_INLINE f32v sinh(f32v x) { return through_double(x, [](f64v v) { return sinh(v); }); }
FITX_INLINE f32v cosh(f32v x) { return through_double(x, [](f64v v) { return cosh(v); }); }

// ---- inverse trigonometric functions
// (asin(s) - s)/s^3 as a polynomial of z = s^2 <= 1/4.
FITX_INLINE f64v asin_tail(f64v z) {
    constexpr double c[] = {0.1666666666666666783,  0.0749999999999842426,   0.04464285714637338088,
                            0.0303819441370852143,  0.02237217300200559739,  0.01735239126590922786,
                            0.01397123530112453915, 0.01147895269025738674,  0.01032431828874411205,
                            0.005450878187720549948, 0.01741935796488485717, -0.01488140939281806664,
                            0.02877844261259304085};
    return polynomial(z, c);
}
constexpr double half_pi = 0x1.921fb54442d18p+0, half_pi_low = 0x1.1a62633145c07p-54;
FITX_INLINE f64v asin(f64v x) {
    const f64v a = abs(x);
    const i64v large = a > 0.5;
    const f64v z = large ? (1.0 - a) * 0.5 : a * a;  // a > 1: sqrt makes the NaN
    const f64v s = large ? sqrt(z) : a;
    const f64v y = fma(s * z, asin_tail(z), s);
    // pi/2 - 2 asin(sqrt((1 - a)/2))
    return copysign(large ? half_pi - (2.0 * y - half_pi_low) : y, x);
}
FITX_INLINE f64v acos(f64v x) {
    const f64v a = abs(x);
    const i64v large = a > 0.5;
    const f64v z = large ? (1.0 - a) * 0.5 : a * a;
    const f64v s = large ? sqrt(z) : x;
    const f64v y = fma(s * z, asin_tail(z), s);
    const f64v outer = x > 0.0 ? 2.0 * y : 2.0 * half_pi - (2.0 * y - 2.0 * half_pi_low);
    return large ? outer : half_pi - (y - half_pi_low);
}
FITX_INLINE f64v atan(f64v x) {
    constexpr double c[] = {-0.3333333333333333322, 0.1999999999999980253,  -0.142857142856593273,
                            0.1111111110510670514,  -0.09090908751076635877, 0.07692296304974470057,
                            -0.06666423628069257579, 0.05878914544400621696, -0.05230347873016074183,
                            0.04551108126325171883, -0.03455809255141379611, 0.01627194475162406036};
    // |x| in [0, tan pi/8]: itself; up to tan 3pi/8: pi/4 + atan((x-1)/(x+1)); above: pi/2 - atan(1/x).
    const f64v a = abs(x);
    const i64v middle = a > 0.4142135623730950488, high = a > 2.4142135623730950488;
    const f64v top = high ? broadcast<f64v>(-1.0) : (middle ? a - 1.0 : a);
    const f64v bottom = high ? a : (middle ? a + 1.0 : broadcast<f64v>(1.0));
    const f64v t = top / bottom;
    const f64v base = high ? broadcast<f64v>(half_pi) : (middle ? broadcast<f64v>(half_pi * 0.5) : f64v{});
    const f64v low = high ? broadcast<f64v>(half_pi_low) : (middle ? broadcast<f64v>(half_pi_low * 0.5) : f64v{});
    const f64v z = t * t;
    return copysign(base + (fma(t * z, polynomial(z, c), low) + t), x);
}
FITX_INLINE f32v asin(f32v x) { return through_double(x, [](f64v v) { return asin(v); }); }
FITX_INLINE f32v acos(f32v x) { return through_double(x, [](f64v v) { return acos(v); }); }
FITX_INLINE f32v atan(f32v x) { return through_double(x, [](f64v v) { return atan(v); }); }

// ---- cube root and power: libm, lane by lane
FITX_INLINE f64v cbrt(f64v x) {
    for (int i = 0; i < Simd<double>::lanes; i++) x[i] = ::cbrt(x[i]);
    return x;
}
FITX_INLINE f32v cbrt(f32v x) {
    for (int i = 0; i < Simd<float>::lanes; i++) x[i] = ::cbrtf(x[i]);
    return x;
}
FITX_INLINE f64v pow(f64v x, f64v y) {
    for (int i = 0; i < Simd<double>::lanes; i++) x[i] = ::pow(x[i], y[i]);
    return x;
}
FITX_INLINE f32v pow(f32v x, f32v y) {
    for (int i = 0; i < Simd<float>::lanes; i++) x[i] = ::powf(x[i], y[i]);
    return x;
}

// 1/(1 + e^-x)
FITX_INLINE f64v logistic(f64v x) { return 1.0 / (1.0 + exp(-x)); }
FITX_INLINE f32v logistic(f32v x) { return 1.0f / (1.0f + exp(-x)); }

}  // namespace FITX_ISA
}  // namespace fitx
