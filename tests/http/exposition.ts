/** Prometheus' text format, read strictly: https://prometheus.io/docs/instrumenting/exposition_formats/ */
import assert from 'node:assert/strict'

const HELP = /^# HELP ([a-zA-Z_:][\w:]*) .+$/
const TYPE = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary)$/
// Values that Go's ParseFloat accepts, in upper or lower case: prom-client writes `Nan`.
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)$/i
const LABELS = /^[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"(?:,[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*")*$/

/** Values by name and labels, as they are written: `name{label="value"}`. Fails if the text is not in the format. */
export function parseExposition(text: string): ReadonlyMap<string, number> {
  assert.ok(text.endsWith('\n'), 'the last line has to end')
  const types = new Map<string, string>()
  const samples = new Map<string, number>()
  let current = ''
  for (const line of text.split('\n').filter((line) => line !== '')) {
    const [, helped] = HELP.exec(line) ?? []
    if (helped !== undefined) {
      current = helped
      assert.ok(!types.has(helped), `${helped} stands in two places`)
      continue
    }
    const [, typed, type] = TYPE.exec(line) ?? []
    if (typed !== undefined) {
      assert.equal(typed, current, line)
      types.set(typed, String(type))
      continue
    }
    const [, name = '', labels, value] = SAMPLE.exec(line) ?? assert.fail(`no line of the format: ${line}`)
    if (labels !== undefined) assert.match(labels, LABELS, line)
    const suffixes = types.get(current) === 'histogram' ? '(_bucket|_sum|_count)' : ''
    assert.match(name, new RegExp(`^${current}${suffixes}$`), line)
    if (types.get(current) === 'counter') assert.match(name, /_total$/, line)
    const key = line.slice(0, line.lastIndexOf(' '))
    assert.ok(!samples.has(key), `${key} stands there twice`)
    samples.set(key, Number(value?.replace('Inf', 'Infinity')))
  }
  checkHistograms(types, samples)
  return samples
}

/** Buckets are cumulative, and the last one is the count. */
function checkHistograms(types: ReadonlyMap<string, string>, samples: ReadonlyMap<string, number>): void {
  for (const [name] of [...types].filter(([, type]) => type === 'histogram')) {
    const buckets = Map.groupBy(
      [...samples].filter(([key]) => key.startsWith(`${name}_bucket{`)),
      ([key]) =>
        key
          .replace(`${name}_bucket`, '')
          .replace(/le="[^"]*",?/, '')
          .replace(',}', '}'),
    )
    for (const [labels, counts] of buckets) {
      const values = counts.map(([, value]) => value)
      assert.deepEqual(
        values,
        values.toSorted((a, b) => a - b),
        `${name}${labels}`,
      )
      assert.match(counts.at(-1)?.[0] ?? '', /le="\+Inf"/)
      assert.equal(
        values.at(-1),
        samples.get(`${name}_count${labels === '{}' ? '' : labels}`),
        `${name}${labels}`,
      )
    }
  }
}
