// State of one MARS forward pass: which pair of hinges B (x - t)+, B (t - x)+ takes most off the residuals.
//
// Friedman (1991) finds all knots of one parent B and variable x in one sweep, at a cost of rows times terms. Here a
// (parent, variable) keeps what its candidates' hinges have left over of the orthonormal columns Q that it has seen
// (MarsCandidates); a new column q is taken off by one sweep over q alone, so that a step costs rows times new columns
// however many terms there are. Adding q: hh -= <h, q>^2, hr_k -= <q, r_k> <h, q>, lin -= <u, q> <h, q>. The pair's gain
// is that of u = B x without its part in Q, then that of h without its part in Q and u:
//     |<u, r>|^2/|u|^2 + |hr - lin <u, r>/|u|^2|^2/(hh - lin^2/|u|^2).
// Row weights go in as their roots, on the parents and the responses. Columns come in blocks of two, the second zero
// where a step adds one. Only what is needed for parents is kept of the terms' own values.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "mars_candidates.hpp"
#include "mars_kernels.hpp"

namespace fitx {

enum class MarsKind : int32_t { constant = 0, linear = 1, hinge = 2, missing = 3, present = 4 };

struct MarsTerm {
    MarsKind kind;
    int64_t knot_row;
    bool reverse;
};

// What is asked of one (parent, variable). cover: missing rows are to be told by two more columns, B missing and
// B present.
struct MarsQuestion {
    int32_t parent, variable;
    int32_t endspan, minspan;  // minspan < 0: Friedman's
    bool cover;
};

struct MarsAnswer {
    double linear;      // what the linear term takes off the residuals' sum of squares (and the cover's columns)
    double hinge;       // what the best hinge takes off beyond that
    int64_t knot_row;   // the first where none gains; -1: no candidate
    int32_t count;      // candidates
    bool dependent;     // the linear term is in the model's span
};

class MarsSearch {
  public:
    // x (variables, rows), y (responses, rows); root_weight (rows) and missing (variables, rows) may be null.
    MarsSearch(int64_t rows, int64_t variables, int64_t responses, const double* x, const double* y,
               const double* root_weight, const uint8_t* missing, MarsRules rules, double minspan_alpha, double cache,
               int threads);

    ~MarsSearch();

    // Adds terms of one parent and variable as one step; returns which were independent of the terms before.
    std::vector<bool> add(int32_t parent, int32_t variable, const std::vector<MarsTerm>& terms, bool keep);
    // The tolerances: shares of B (x - least x) and of h, the constant's part left out, that must be new to the model.
    void ask(const std::vector<MarsQuestion>& questions, double line_tolerance, double hinge_tolerance,
             std::vector<MarsAnswer>& answers);

    double rss() const;
    // Variables whose rows endspan, endspan + every, ... from either end hold nothing but the extremes.
    std::vector<bool> flat(int64_t endspan, int64_t every) const;
    // Row of the least value of a variable, where its linear term has its knot.
    int64_t lowest(int64_t variable) const { return order_[variable].empty() ? -1 : order_[variable].back(); }
    int64_t rows() const { return n_; }
    int64_t terms() const { return (int64_t)column_.size(); }
    int64_t variables() const { return d_; }
    bool kept(int64_t term) const { return !column_[term].empty(); }

    std::mutex turn;  // of callers on several threads, who take it: one at a time

  private:
    struct Pair;
    struct Scratch;
    struct Aligned {
        explicit Aligned(size_t doubles);
        Aligned(Aligned&& other) noexcept : data(other.data) { other.data = nullptr; }
        ~Aligned();
        double* data;
    };

    void sort(const double* x, const uint8_t* missing);
    std::vector<double> values(int32_t parent, int32_t variable, const MarsTerm& term, bool shifted) const;
    void orthogonalise(std::vector<std::vector<double>>& v, int threads) const;
    void append(const std::vector<std::vector<double>>& q);
    void make_room(const std::vector<MarsQuestion>& questions);
    void visit(const MarsQuestion& q, Pair& pair, const double* newest, Scratch& s, MarsAnswer& answer) const;
    MarsRows rows_of(const MarsQuestion& q, const Pair& pair, Scratch& s) const;
    void begin(const MarsQuestion& q, Pair& pair, Scratch& s) const;
    void catch_up(Pair& pair, const MarsRows& rows, const std::vector<int32_t>& at, Scratch& s) const;
    void off(Pair& pair, const double* out, int width, int first, int last, const double* totals, double reach,
             const double* theta) const;
    void answer_of(const Pair& pair, Scratch& s, MarsAnswer& answer) const;
    void covered(const MarsQuestion& q, const Pair& pair, Scratch& s, MarsAnswer& answer) const;
    int threads_for(int64_t work) const { return work < 400000 ? 1 : threads_; }

    int64_t n_, d_, k_;
    MarsRules rules_;
    double minspan_alpha_, cache_;
    int threads_;
    double line_tolerance_ = 0, hinge_tolerance_ = 0;
    std::vector<std::vector<int32_t>> order_;      // a variable's rows that are not missing, by falling value
    std::vector<std::vector<double>> sorted_;      // their values, 0 to 1
    std::vector<double> low_, range_;              // the least value, and half the range
    std::vector<int64_t> above_zero_;              // rows of positive value
    std::vector<double> root_weight_;
    std::vector<std::vector<double>> column_;      // a term's values times the root of the weight; empty: not a parent
    std::vector<Aligned> q_;                       // groups of 8 orthonormal columns, (rows, 8)
    int64_t nq_ = 0;                               // columns, blocks of two
    std::vector<double> newest_;                   // the last block, (rows, 2)
    std::vector<double> theta_;                    // <q, r> at the time, (columns, responses)
    std::vector<std::vector<double>> residual_;    // blocks of two responses, (rows, 2)
    std::unordered_map<int64_t, std::unique_ptr<Pair>> pairs_;
    int64_t clock_ = 0;
    std::vector<std::unique_ptr<Scratch>> scratch_;
    std::mutex scratch_lock_;
};

}  // namespace fitx
