// The colors of what is asked: Okabe and Ito's, which color-blind people tell apart.
//
// Source: M. Okabe, K. Ito, "Color Universal Design", 2008.

const MOST = 10;

/** Return the color of the query at a place, pictures first, then words: a variable of page.css. */
export const colorOf = (place) => `var(--query-${(place % MOST) + 1})`;

/** Return the color of the unwanted picture or words at a place. */
export const unwantedColorOf = (place) => `var(--query-${MOST - (place % MOST)})`;

/**
 * Return how much each query pulled a hit, the one that pulled most first: shares that add up to
 * 1, by the inverse of the distances.
 * @returns {{place: number, share: number}[]} place of the query in `per_query`.
 */
export function sharesOf({ per_query: distances = [] }) {
  if (distances.length < 2) return distances.map((_, place) => ({ place, share: 1 }));
  const least = Math.min(...distances);
  // Where distances are small or negative the inverse means nothing: measure from below the least.
  const floor = Math.min(0, least);
  const pulls = distances.map((distance) => 1 / (distance - floor + 0.02));
  const sum = pulls.reduce((total, one) => total + one, 0);
  return pulls.map((pull, place) => ({ place, share: pull / sum }))
    .sort((one, other) => other.share - one.share || one.place - other.place);
}
