"""Words that are no names for arguments: keywords, and what exported code itself calls."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


C = _words(
    """auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    bool true false nullptr constexpr alignas alignof static_assert thread_local typeof typeof_unqual asm fortran
    linux unix i386 near far main formula NAN INFINITY HUGE_VAL complex imaginary I errno EOF NULL exp log log10 sin
    cos tan asin acos atan sinh cosh tanh sqrt cbrt pow fabs floor ceil"""
)
CPP = C | _words(
    """and and_eq bitand bitor catch char8_t char16_t char32_t class compl concept consteval constinit const_cast
    co_await co_return co_yield decltype delete dynamic_cast explicit export friend mutable namespace new noexcept
    not not_eq operator or or_eq private protected public reinterpret_cast requires static_cast template this throw
    try typeid typename using virtual wchar_t xor xor_eq std"""
)
RUST = _words(
    """as async await break const continue crate dyn else enum extern false fn for gen if impl in let loop match mod
    move mut pub ref return self static struct super trait true type unsafe use where while abstract become box do
    final macro override priv try typeof unsized virtual yield union f64 formula None Some Ok Err"""
)
FORTRAN = _words(
    """formula value_ real64 ieee_value ieee_quiet_nan ieee_positive_inf ieee_negative_inf exp log log10 sin cos tan
    asin acos atan sinh cosh tanh sqrt abs sign aint merge end function double precision use implicit none intent in
    if then else do return call stop program module contains result pure elemental"""
)
JAVASCRIPT = _words(
    """abstract arguments async await boolean break byte case catch char class const continue debugger default delete
    do double else enum eval export extends false final finally float for function get goto if implements import in
    instanceof int interface let long native new null of package private protected public return set short static
    super switch synchronized this throw throws transient true try typeof undefined var void volatile while with
    yield Math NaN Infinity formula"""
)
JULIA = _words(
    """abstract baremodule begin break catch const continue do else elseif end export false finally for function global
    if import in isa let local macro module mutable new outer primitive public quote return struct true try type
    using where while formula Float64 NaN Inf pi im ans exp log log10 sin cos tan asin acos atan sinh cosh tanh sqrt
    cbrt abs sign min max floor ceil isfinite isinf isinteger"""
)
OCTAVE = _words(
    """arguments break case catch classdef continue do else elseif end end_try_catch end_unwind_protect endclassdef
    endenumeration endevents endfor endfunction endif endmethods endparfor endproperties endswitch endwhile
    enumeration events for function global if methods otherwise parfor persistent properties return spmd switch try
    until unwind_protect unwind_protect_cleanup while formula value choose raise NaN nan Inf inf NA pi e i j I J eps
    ans nargin nargout varargin varargout exp log log10 sin cos tan asin acos atan sinh cosh tanh sqrt cbrt nthroot
    abs sign min max floor ceil fix mod zeros size isinf isnan isinteger true false double"""
)
