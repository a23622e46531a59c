// Which pods a selector means.

type Labels = Readonly<Record<string, string>>;

/** True where a pod has every label of the selector. */
export function hasLabels(pod: Labels, selector: Labels): boolean {
  return Object.entries(selector).every(([name, value]) => pod[name] === value);
}
