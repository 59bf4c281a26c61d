/* Adds up the trees of a model, in their order, for rows of numbers.
 *
 * A walk from a root to a leaf waits for memory at each step, so LANES of them go side by side: many
 * rows in one tree, or one row in many trees. No step branches on a number of the row, since a
 * processor guesses half of such branches wrongly. */
#include <stddef.h>
#include <stdint.h>

#define LANES 8
#define BLOCK 64   /* rows that a tree stays in the cache for */
#define STEPS 8    /* between two looks at whether all lanes have arrived */
#define COLUMN 0x7fffffff

/* A row whose column is at least `value` goes to next[1], others to next[0]. Without a number it goes
 * to next[1] where the sign of `column` is set. A leaf leads to itself, for nothing is at least NaN;
 * its next[1] is the place of its votes. */
typedef struct {
    float value;
    uint32_t column;
    int32_t next[2];
} node;

/* `votes` of a leaf are for `width` targets, the first of which its tree names in `first`. */
typedef struct {
    const node *nodes;
    const int32_t *roots, *depths, *first;
    const float *votes;
    int64_t trees, width, columns, targets;
} model;

static inline const node *step(const model *m, const node *at, const float *row, int missing) {
    float x = row[at->column & COLUMN];
    int second = x >= at->value;
    if (missing) second |= (x != x) & (int)(at->column >> 31);
    return m->nodes + at->next[second];
}

/* `stride` is 0 where all lanes walk for the same row */
static inline void walk(const model *m, const node **at, int32_t depth, const float *row,
                        int64_t stride, int missing) {
    for (int32_t left = depth; left > 0; left -= STEPS) {
        for (int32_t each = left < STEPS ? left : STEPS; each > 0; each--)
            for (int k = 0; k < LANES; k++) at[k] = step(m, at[k], row + k * stride, missing);
        int arrived = 1;
        for (int k = 0; k < LANES; k++) arrived &= m->nodes + at[k]->next[0] == at[k];
        if (arrived) return;
    }
}

static inline void vote(const model *m, const node *leaf, int64_t tree, float *sums) {
    for (int64_t each = 0; each < m->width; each++)
        sums[m->first[tree] + each] += m->votes[leaf->next[1] + each];
}

static inline void add_row(const model *m, const float *row, int64_t tree, float *sums, int missing) {
    const node *at = m->nodes + m->roots[tree];
    for (int32_t left = m->depths[tree]; left > 0; left--) at = step(m, at, row, missing);
    vote(m, at, tree, sums);
}

static inline void in_many_trees(const model *m, const float *row, float *sums, int missing) {
    const node *at[LANES];
    int64_t tree = 0;
    for (; tree + LANES <= m->trees; tree += LANES) {
        int32_t depth = 0;
        for (int k = 0; k < LANES; k++) {
            at[k] = m->nodes + m->roots[tree + k];
            if (m->depths[tree + k] > depth) depth = m->depths[tree + k];
        }
        walk(m, at, depth, row, 0, missing);
        for (int k = 0; k < LANES; k++) vote(m, at[k], tree + k, sums);
    }
    for (; tree < m->trees; tree++) add_row(m, row, tree, sums, missing);
}

static inline void many_rows(const model *m, const float *rows, int64_t count, float *sums, int missing) {
    const node *at[LANES];
    for (int64_t tree = 0; tree < m->trees; tree++) {
        int64_t row = 0;
        for (; row + LANES <= count; row += LANES) {
            for (int k = 0; k < LANES; k++) at[k] = m->nodes + m->roots[tree];
            walk(m, at, m->depths[tree], rows + row * m->columns, m->columns, missing);
            for (int k = 0; k < LANES; k++) vote(m, at[k], tree, sums + (row + k) * m->targets);
        }
        for (; row < count; row++)
            add_row(m, rows + row * m->columns, tree, sums + row * m->targets, missing);
    }
}

static inline void add(const model *m, const float *rows, int64_t count, float *sums, int missing) {
    if (count < LANES)
        for (int64_t row = 0; row < count; row++)
            in_many_trees(m, rows + row * m->columns, sums + row * m->targets, missing);
    else
        for (int64_t row = 0; row < count; row += BLOCK)
            many_rows(m, rows + row * m->columns, count - row < BLOCK ? count - row : BLOCK,
                      sums + row * m->targets, missing);
}

/* `sums` are the base values when it is called, [count, targets]; `rows` are [count, columns]. */
void neopack_add_trees(const model *m, const float *rows, int64_t count, float *sums) {
    int missing = 0;
    for (int64_t each = 0; each < count * m->columns; each++) missing |= rows[each] != rows[each];
    if (missing)
        add(m, rows, count, sums, 1);
    else
        add(m, rows, count, sums, 0);
}
