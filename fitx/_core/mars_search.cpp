// See mars_search.hpp. This file: the terms and the orthonormal columns.
#include "mars_search.hpp"

#include <algorithm>
#include <cmath>
#include <new>

#include "mars_pair.hpp"
#include "mars_sort.hpp"
#include "parallel.hpp"

namespace fitx {

namespace {

constexpr double kDependent = 1e-13;  // of a term's square that must be new
constexpr int64_t kChunk = 8192;      // rows whose sums are one number, for the same sums on any number of threads

}  // namespace

MarsSearch::Aligned::Aligned(size_t doubles)
    : data(static_cast<double*>(::operator new(doubles * sizeof(double), std::align_val_t(64)))) {
    std::fill_n(data, doubles, 0.0);
}

MarsSearch::Aligned::~Aligned() {
    if (data) ::operator delete(data, std::align_val_t(64));
}

MarsSearch::MarsSearch(int64_t rows, int64_t variables, int64_t responses, const double* x, const double* y,
                       const double* root_weight, const uint8_t* missing, MarsRules rules, double minspan_alpha,
                       double cache, int threads)
    : n_(rows), d_(variables), k_(responses), rules_(rules), minspan_alpha_(minspan_alpha), cache_(cache),
      threads_(std::clamp(threads, 1, kMostThreads)) {
    if (root_weight) root_weight_.assign(root_weight, root_weight + rows);
    sort(x, missing);
    for (int64_t k = 0; k < k_; k += 2) {
        std::vector<double> block(2 * n_, 0.0);
        for (int64_t l = 0; l < 2 && k + l < k_; l++)
            for (int64_t i = 0; i < n_; i++)
                block[2 * i + l] = y[(k + l) * n_ + i] * (root_weight ? root_weight[i] : 1.0);
        residual_.push_back(std::move(block));
    }
    add(-1, 0, {{MarsKind::constant, -1, false}}, true);
}

MarsSearch::~MarsSearch() = default;

void MarsSearch::sort(const double* x, const uint8_t* missing) {
    order_.resize(d_);
    sorted_.resize(d_);
    low_.assign(d_, 0.0);
    range_.assign(d_, 1.0);
    above_zero_.assign(d_, 0);
    parallel(d_, 1, threads_for(n_ * d_ * 8), [&](int64_t begin, int64_t end) {
        for (int64_t v = begin; v < end; v++) {
            std::vector<int32_t> order;
            std::vector<double> values;
            order.reserve(n_);
            values.reserve(n_);
            for (int64_t i = 0; i < n_; i++)
                if (!missing || !missing[v * n_ + i]) {
                    order.push_back((int32_t)i);
                    values.push_back(x[v * n_ + i]);
                }
            sort_falling(order, values);
            if (!values.empty()) {
                low_[v] = values.back();
                while (above_zero_[v] < (int64_t)values.size() && values[above_zero_[v]] > 0) above_zero_[v]++;
                // Halves, so that the range of numbers near the largest double does not overflow.
                const double half = values.front() / 2 - values.back() / 2;
                range_[v] = half;
                for (double& value : values) value = half > 0 ? (value / 2 - low_[v] / 2) / half : 0.0;
            }
            order_[v] = std::move(order);
            sorted_[v] = std::move(values);
        }
    });
}

// A term times the root of the weight. shifted: linear terms as differences from the least value, which with the parent
// span the same and have more digits.
std::vector<double> MarsSearch::values(int32_t parent, int32_t variable, const MarsTerm& term, bool shifted) const {
    if (term.kind == MarsKind::constant) {
        std::vector<double> one(n_, 1.0);
        if (!root_weight_.empty()) one = root_weight_;
        return one;
    }
    const std::vector<double>& b = column_[parent];
    const std::vector<int32_t>& order = order_[variable];
    const std::vector<double>& x = sorted_[variable];
    const int64_t m = (int64_t)order.size();
    if (term.kind == MarsKind::missing) {
        std::vector<double> v = b;
        for (int64_t i = 0; i < m; i++) v[order[i]] = 0;
        return v;
    }
    std::vector<double> v(n_, 0.0);
    if (term.kind == MarsKind::present) {
        for (int64_t i = 0; i < m; i++) v[order[i]] = b[order[i]];
    } else if (term.kind == MarsKind::linear) {
        const double scale = std::max({std::fabs(low_[variable]) / 2, std::fabs(low_[variable] / 2 + range_[variable]),
                                       1e-300});
        const double from = shifted ? 0.0 : low_[variable] / 2 / scale;
        const double step = shifted ? 1.0 : range_[variable] / scale;
        for (int64_t i = 0; i < m; i++) v[order[i]] = b[order[i]] * (from + step * x[i]);
    } else {
        int64_t at = 0;
        while (at < m && order[at] != term.knot_row) at++;
        const double t = at < m ? x[at] : 0.0;
        const int64_t begin = term.reverse ? at : 0, end = term.reverse ? m : at;
        for (int64_t i = begin; i < end; i++) v[order[i]] = b[order[i]] * std::fabs(x[i] - t);
    }
    return v;
}

// v -= Q Q^T v, twice. Sums are taken by chunks of rows, in order.
void MarsSearch::orthogonalise(std::vector<std::vector<double>>& v, int threads) const {
    const int groups = (int)((nq_ + 7) / 8), m = (int)v.size();
    if (!groups || !m) return;
    const MarsKernels& kernel = mars_kernels_active();
    std::vector<double*> to;
    for (auto& one : v) to.push_back(one.data());
    std::vector<const double*> q;
    for (int g = 0; g < groups; g++) q.push_back(q_[g].data);
    const int64_t chunks = (n_ + kChunk - 1) / kChunk, size = (int64_t)m * groups * 8;
    std::vector<double> partial(chunks * size), sums(size);
    for (int pass = 0; pass < 3; pass++) {
        std::fill(partial.begin(), partial.end(), 0.0);
        parallel(chunks, 1, threads, [&](int64_t begin, int64_t end) {
            for (int64_t c = begin; c < end; c++)
                kernel.project(c * kChunk, std::min(n_, (c + 1) * kChunk), m, to.data(), groups, q.data(),
                               pass ? sums.data() : nullptr, pass < 2 ? partial.data() + c * size : nullptr);
        });
        std::fill(sums.begin(), sums.end(), 0.0);
        for (int64_t c = 0; c < chunks; c++)
            for (int64_t s = 0; s < size; s++) sums[s] += partial[c * size + s];
    }
}

namespace {

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    double lanes[8] = {0}, sum = 0;
    const size_t n = a.size(), whole = n / 8 * 8;
    for (size_t i = 0; i < whole; i += 8)
        for (int l = 0; l < 8; l++) lanes[l] += a[i + l] * b[i + l];
    for (size_t i = whole; i < n; i++) sum += a[i] * b[i];
    for (double lane : lanes) sum += lane;
    return sum;
}

}  // namespace

std::vector<bool> MarsSearch::add(int32_t parent, int32_t variable, const std::vector<MarsTerm>& terms, bool keep) {
    std::vector<std::vector<double>> v;
    std::vector<double> size;
    for (const MarsTerm& term : terms) {
        v.push_back(values(parent, variable, term, true));
        size.push_back(dot(v.back(), v.back()));
    }
    std::vector<std::vector<double>> columns;
    if (keep)
        for (size_t t = 0; t < terms.size(); t++)
            columns.push_back(terms[t].kind == MarsKind::linear ? values(parent, variable, terms[t], false) : v[t]);
    else
        columns.resize(terms.size());
    orthogonalise(v, threads_for(n_ * nq_ * (int64_t)terms.size()));
    std::vector<bool> independent(terms.size(), false);
    std::vector<std::vector<double>> fresh;
    for (size_t t = 0; t < terms.size(); t++) {
        for (int pass = 0; pass < 2; pass++)
            for (const auto& q : fresh) {
                const double c = dot(q, v[t]);
                for (int64_t i = 0; i < n_; i++) v[t][i] -= c * q[i];
            }
        const double left = dot(v[t], v[t]);
        independent[t] = left > kDependent * size[t] && left > 0;
        if (!independent[t]) continue;
        const double scale = 1 / std::sqrt(left);
        for (double& value : v[t]) value *= scale;
        fresh.push_back(std::move(v[t]));
    }
    for (auto& column : columns) column_.push_back(std::move(column));
    append(fresh);
    return independent;
}

// New orthonormal columns: into the groups, and off the residuals.
void MarsSearch::append(const std::vector<std::vector<double>>& fresh) {
    for (size_t from = 0; from < fresh.size(); from += 2) {
        const size_t two = std::min<size_t>(2, fresh.size() - from);
        if (nq_ % 8 == 0) q_.emplace_back((size_t)n_ * 8);
        double* group = q_.back().data + nq_ % 8;
        newest_.assign(2 * n_, 0.0);
        theta_.resize((nq_ + 2) * k_, 0.0);
        for (size_t l = 0; l < two; l++) {
            const std::vector<double>& q = fresh[from + l];
            for (int64_t i = 0; i < n_; i++) {
                group[8 * i + l] = q[i];
                newest_[2 * i + l] = q[i];
            }
            for (int64_t k = 0; k < k_; k++) {
                double* r = residual_[k / 2].data() + k % 2;
                double t = 0;
                for (int64_t i = 0; i < n_; i++) t += q[i] * r[2 * i];
                for (int64_t i = 0; i < n_; i++) r[2 * i] -= t * q[i];
                theta_[(nq_ + l) * k_ + k] = t;
            }
        }
        nq_ += 2;
    }
}

double MarsSearch::rss() const {
    double sum = 0;
    for (const auto& block : residual_) sum += dot(block, block);
    return sum;
}

std::vector<bool> MarsSearch::flat(int64_t endspan, int64_t every) const {
    std::vector<bool> out(d_, true);
    for (int64_t v = 0; v < d_; v++) {
        const auto& x = sorted_[v];
        const int64_t m = (int64_t)x.size();
        for (int64_t i = endspan; i < m - endspan; i += every)
            if (x[i] != x.front() && x[i] != x.back()) out[v] = false;
    }
    return out;
}

}  // namespace fitx
