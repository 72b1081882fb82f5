// See mars_search.hpp. This file: what the candidates of each (parent, variable) would take off.
#include <algorithm>
#include <cmath>

#include "mars_pair.hpp"
#include "parallel.hpp"

namespace fitx {

namespace {

constexpr double kRounding = 1e-10;  // of |B (x - centre)|^2 and |h|^2: less is nothing but rounding

}  // namespace

MarsRows MarsSearch::rows_of(const MarsQuestion& q, const Pair& p, Scratch& s) const {
    s.fit(n_);
    s.at.resize(p.position.size());
    const auto& order = order_[q.variable];
    const int64_t m = mars_kernels_active().gather((int64_t)order.size(), order.data(), sorted_[q.variable].data(),
                                                   column_[q.parent].data(), p.count(), p.position.data(), s.at.data(),
                                                   s.row.data(), s.b.data(), s.x.data());
    return {m, s.row.data(), s.b.data(), s.x.data()};
}

// Columns of `out` (count, width) off the candidates and the linear term; totals as sweep gives them, reach = last x less
// the centre.
void MarsSearch::off(Pair& p, const double* out, int width, int first, int last, const double* totals, double reach,
                     const double* theta) const {
    double beta[8] = {0};
    for (int l = first; l < last; l++) beta[l] = totals[width + l] + reach * totals[l];
    mars_kernels_active().take_off(p.view(k_), out, width, first, last, beta, theta);
    for (int l = first; l < last; l++) {
        p.u2 -= beta[l] * beta[l];
        for (int64_t k = 0; k < k_; k++) p.rho[k] -= beta[l] * theta[k * width + l];
    }
}

// Candidates and their sums over the rows alone; the residuals are orthogonal to Q already.
void MarsSearch::begin(const MarsQuestion& q, Pair& p, Scratch& s) const {
    const auto& order = order_[q.variable];
    const int64_t n = (int64_t)order.size();
    const double* x = sorted_[q.variable].data();
    const double* b = column_[q.parent].data();
    int64_t used = 0;
    for (int64_t i = 0; i < n; i++) used += b[order[i]] != 0;
    const int64_t minspan = q.minspan >= 0 || !used ? q.minspan : mars_minspan(minspan_alpha_, d_, used);
    if (used && rules_ == MarsRules::pyearth)
        candidates_pyearth(n, order.data(), x, b, n_ - n, above_zero_[q.variable], q.endspan, minspan, p.position);
    else if (used)
        candidates_even(n, order.data(), x, b, q.endspan, minspan, p.position);
    const MarsRows rows = rows_of(q, p, s);
    const int64_t count = p.count();
    p.position.shrink_to_fit();
    p.h0.assign(count, 0.0f);
    p.hh.assign(count, 0.0);
    p.lin.assign(count, 0.0);
    p.hr.assign(count * k_, 0.0);
    p.rho.assign(k_, 0.0);
    const MarsKernels& kernel = mars_kernels_active();
    double sums[3];
    kernel.moments(rows, count, s.at.data(), p.view(k_), sums);
    p.b2 = sums[0];
    p.centre = sums[1];
    p.u0 = p.u2 = sums[2];
    s.out.resize(std::max<size_t>(s.out.size(), 8 * count));
    const double reach = rows.n ? rows.x[rows.n - 1] - p.centre : 0;
    for (int64_t block = 0; block < (int64_t)residual_.size(); block++) {
        double totals[4];
        kernel.sweep2(rows, residual_[block].data(), count, s.at.data(), s.out.data(), totals);
        for (int64_t l = 0; l < 2 && 2 * block + l < k_; l++) {
            const int64_t k = 2 * block + l;
            for (int64_t j = 0; j < count; j++) p.hr[k * count + j] = s.out[2 * j + l];
            p.rho[k] = totals[2 + l] + reach * totals[l];
        }
    }
    p.seen = 0;
    catch_up(p, rows, s.at, s);
    // The residuals above are today's: what catch_up took off hr and rho with theta was not in them.
}

// Takes off the columns that the pair has not seen. Where it is new its residuals are, so theta counts as zero.
void MarsSearch::catch_up(Pair& p, const MarsRows& rows, const std::vector<int32_t>& at, Scratch& s) const {
    const bool fresh = p.seen == 0;
    const MarsKernels& kernel = mars_kernels_active();
    s.out.resize(std::max<size_t>(s.out.size(), 8 * p.count()));
    std::vector<double> theta(8 * k_, 0.0);
    const double reach = rows.n ? rows.x[rows.n - 1] - p.centre : 0;
    for (int64_t g = p.seen / 8; g * 8 < nq_; g++) {
        const int64_t first = std::max<int64_t>(p.seen - g * 8, 0), last = std::min<int64_t>(nq_ - g * 8, 8);
        for (int64_t k = 0; k < k_ && !fresh; k++)
            for (int64_t l = first; l < last; l++) theta[k * 8 + l] = theta_[(g * 8 + l) * k_ + k];
        double totals[16];
        kernel.sweep8(rows, q_[g].data, p.count(), at.data(), s.out.data(), totals);
        if (fresh && g == 0) {  // the constant comes first, and what is left of h and B (x - least x) is noted
            off(p, s.out.data(), 8, 0, 1, totals, reach, theta.data());
            for (int64_t j = 0; j < p.count(); j++) p.h0[j] = (float)p.hh[j];
            const double shift = -reach, share = totals[8] + (reach + shift) * totals[0];
            p.line = p.u0 + shift * shift * p.b2 - share * share;
        }
        off(p, s.out.data(), 8, (int)first + (fresh && g == 0), (int)last, totals, reach, theta.data());
    }
    p.seen = nq_;
}

void MarsSearch::answer_of(const Pair& p, Scratch& s, MarsAnswer& a) const {
    s.gains.resize(std::max<size_t>(s.gains.size(), p.count()));
    a.count = (int32_t)p.count();
    a.dependent = !(p.u2 > std::max(kRounding * p.u0, line_tolerance_ * p.line));
    a.linear = 0;
    if (!a.dependent)
        for (double r : p.rho) a.linear += r * r / p.u2;
    const int64_t best = mars_kernels_active().best(const_cast<Pair&>(p).view(k_), a.dependent ? 0 : p.u2, p.rho.data(),
                                                    std::max(kRounding, hinge_tolerance_), s.gains.data(), &a.hinge);
    a.knot_row = best;
}

// As answer_of, with the column B present in the model besides.
void MarsSearch::covered(const MarsQuestion& q, const Pair& pair, Scratch& s, MarsAnswer& a) const {
    std::vector<std::vector<double>> e = {values(q.parent, q.variable, {MarsKind::present, -1, false}, true)};
    double before = 0, after = 0;
    for (double v : e[0]) before += v * v;
    orthogonalise(e, 1);
    for (double v : e[0]) after += v * v;
    Pair p = pair;
    double gain = 0;
    if (after > kRounding * before) {
        std::vector<double> column(2 * n_, 0.0), theta(2 * k_, 0.0);
        for (int64_t i = 0; i < n_; i++) column[2 * i] = e[0][i] / std::sqrt(after);
        for (int64_t k = 0; k < k_; k++) {
            for (int64_t i = 0; i < n_; i++) theta[2 * k] += column[2 * i] * residual_[k / 2][2 * i + k % 2];
            gain += theta[2 * k] * theta[2 * k];
        }
        const auto& order = order_[q.variable];
        s.extra.resize(2 * order.size());
        for (size_t i = 0; i < order.size(); i++) {
            s.extra[2 * i] = column[2 * (size_t)order[i]];
            s.extra[2 * i + 1] = 0;
        }
        s.out.resize(std::max<size_t>(s.out.size(), 8 * p.count()));
        double totals[4];
        mars_kernels_active().sweep_all((int64_t)order.size(), order.data(), sorted_[q.variable].data(),
                                        column_[q.parent].data(), s.extra.data(), p.count(), p.position.data(),
                                        s.out.data(), totals);
        const double reach = order.empty() ? 0 : sorted_[q.variable].back() - p.centre;
        off(p, s.out.data(), 2, 0, 1, totals, reach, theta.data());
    }
    answer_of(p, s, a);
    a.linear += gain;
}

// newest: the last block of Q in the variable's order, null where it is not wanted.
void MarsSearch::visit(const MarsQuestion& q, Pair& p, const double* newest, Scratch& s, MarsAnswer& a) const {
    if (p.seen < 0) {
        begin(q, p, s);
    } else if (p.seen + 2 == nq_ && newest) {
        const auto& order = order_[q.variable];
        s.out.resize(std::max<size_t>(s.out.size(), 8 * p.count()));
        double totals[4];
        mars_kernels_active().sweep_all((int64_t)order.size(), order.data(), sorted_[q.variable].data(),
                                        column_[q.parent].data(), newest, p.count(), p.position.data(), s.out.data(),
                                        totals);
        const double reach = order.empty() ? 0 : sorted_[q.variable].back() - p.centre;
        std::vector<double> theta(2 * k_);
        for (int64_t k = 0; k < k_; k++)
            for (int64_t l = 0; l < 2; l++) theta[2 * k + l] = theta_[(nq_ - 2 + l) * k_ + k];
        off(p, s.out.data(), 2, 0, 2, totals, reach, theta.data());
        p.seen = nq_;
    } else if (p.seen < nq_) {
        const MarsRows rows = rows_of(q, p, s);
        catch_up(p, rows, s.at, s);
    }
    if (q.cover)
        covered(q, p, s, a);
    else
        answer_of(p, s, a);
    if (a.count) a.knot_row = order_[q.variable][p.position[std::max<int64_t>(a.knot_row, 0)]];
    if (!p.stays) p = Pair{};
}

// Pairs that were not asked for the longest time leave where the asked ones need the room; what still does not fit is
// worked out anew each time. Decided before any thread begins, by what the pairs may need at most.
void MarsSearch::make_room(const std::vector<MarsQuestion>& questions) {
    double total = 0, wanted = 0;
    std::vector<std::pair<int64_t, int64_t>> old;  // (last asked, key)
    for (const auto& entry : pairs_) {
        total += entry.second->bytes();
        if (entry.second->used != clock_) old.emplace_back(entry.second->used, entry.first);
    }
    std::vector<double> need;
    for (const MarsQuestion& q : questions) {
        const Pair& p = *pairs_[(int64_t)q.parent * d_ + q.variable];
        const int64_t m = (int64_t)order_[q.variable].size();
        const int64_t gap = q.minspan >= 0 ? q.minspan : mars_minspan(minspan_alpha_, d_, std::max<int64_t>(m / 8, 1));
        need.push_back(p.seen >= 0 ? 0 : (24.0 + 8.0 * k_) * (double)m / (double)std::max<int64_t>(gap, 1));
        wanted += need.back();
    }
    std::sort(old.begin(), old.end());
    for (size_t i = 0; i < old.size() && total + wanted > cache_; i++) {
        total -= pairs_[old[i].second]->bytes();
        pairs_.erase(old[i].second);
    }
    for (size_t i = 0; i < questions.size(); i++) {
        Pair& p = *pairs_[(int64_t)questions[i].parent * d_ + questions[i].variable];
        p.stays = need[i] == 0 || total + need[i] <= cache_;
        if (p.stays) total += need[i];
    }
}

void MarsSearch::ask(const std::vector<MarsQuestion>& questions, double line_tolerance, double hinge_tolerance,
                     std::vector<MarsAnswer>& answers) {
    line_tolerance_ = line_tolerance;
    hinge_tolerance_ = hinge_tolerance;
    answers.assign(questions.size(), MarsAnswer{0, 0, -1, 0, true});
    clock_++;
    std::vector<int64_t> turn(questions.size());
    std::vector<Pair*> pair(questions.size());
    for (size_t i = 0; i < questions.size(); i++) {
        turn[i] = (int64_t)i;
        auto& p = pairs_[(int64_t)questions[i].parent * d_ + questions[i].variable];
        if (!p) p.reset(new Pair);
        p->used = clock_;
        pair[i] = p.get();
    }
    make_room(questions);
    std::stable_sort(turn.begin(), turn.end(),
                     [&](int64_t a, int64_t b) { return questions[a].variable < questions[b].variable; });
    // A piece: a few questions of one variable, which share its order of the newest columns.
    const int threads = threads_for(n_ * (int64_t)questions.size());
    const int64_t most = std::max<int64_t>(4, ((int64_t)questions.size() + 8 * threads - 1) / (8 * threads));
    std::vector<int64_t> start;
    for (size_t i = 0; i < turn.size(); i++)
        if (!i || questions[turn[i]].variable != questions[turn[i - 1]].variable || (int64_t)i - start.back() >= most)
            start.push_back((int64_t)i);
    start.push_back((int64_t)turn.size());
    parallel((int64_t)start.size() - 1, 1, threads, [&](int64_t begin, int64_t end) {
        std::unique_ptr<Scratch> s;
        {
            std::lock_guard<std::mutex> lock(scratch_lock_);
            if (!scratch_.empty()) {
                s = std::move(scratch_.back());
                scratch_.pop_back();
            }
        }
        if (!s) s.reset(new Scratch);
        for (int64_t piece = begin; piece < end; piece++) {
            const int64_t variable = questions[turn[start[piece]]].variable;
            const double* newest = nullptr;
            for (int64_t i = start[piece]; i < start[piece + 1]; i++)
                if (pair[turn[i]]->seen >= 0 && pair[turn[i]]->seen + 2 == nq_ && !newest) {
                    const auto& order = order_[variable];
                    s->newest.resize(2 * std::max<size_t>(order.size(), 1));
                    for (size_t r = 0; r < order.size(); r++) {
                        s->newest[2 * r] = newest_[2 * (size_t)order[r]];
                        s->newest[2 * r + 1] = newest_[2 * (size_t)order[r] + 1];
                    }
                    newest = s->newest.data();
                }
            for (int64_t i = start[piece]; i < start[piece + 1]; i++)
                visit(questions[turn[i]], *pair[turn[i]], newest, *s, answers[turn[i]]);
        }
        std::lock_guard<std::mutex> lock(scratch_lock_);
        scratch_.push_back(std::move(s));
    });
    for (const MarsQuestion& q : questions) {
        auto found = pairs_.find((int64_t)q.parent * d_ + q.variable);
        if (found != pairs_.end() && found->second->seen < 0) pairs_.erase(found);
    }
}

}  // namespace fitx
