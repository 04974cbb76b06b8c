/** Labels that a message shows anyway. */
const SHOWN = ['alertname', 'severity', 'workspace_id', 'probe', 'instance'];

/** An alert that says nothing about itself has its labels at least: `pair` for each, where `.` has `Name` and `Value`. */
export function whenUnexplained(pair: string): string {
  const others = `(.Labels.Remove (stringSlice ${SHOWN.map((name) => `"${name}"`).join(' ')})).SortedPairs`;
  return `{{ if not (or .Annotations.summary .Annotations.description) }}{{ range ${others} }}${pair}{{ end }}{{ end }}`;
}
