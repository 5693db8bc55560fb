import type { Report } from './findings.ts'

// XML 1.0 §2.2 has no place for other control characters and for lone surrogates.
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')

interface Case {
  readonly suite: string
  readonly name: string
  readonly outcome: 'passed' | 'skipped' | 'failed'
  readonly why: string | null
}

const OF_RESPONSE = { reached: 'passed', 'not reached': 'skipped', differs: 'failed' } as const
const OF_RULE = { holds: 'passed', 'not checked': 'skipped', broken: 'failed' } as const

function casesOf({ responses, rules, differences }: Report): Case[] {
  const cases: Case[] = [
    ...responses.map(({ operation, status, example, outcome, why }) => ({
      ...{ suite: operation, name: `${status} ${example}`, outcome: OF_RESPONSE[outcome], why },
    })),
    ...rules.map(({ rule, outcome, why }) => ({
      suite: 'rules',
      name: rule,
      outcome: OF_RULE[outcome],
      why,
    })),
  ]
  // What differs in a response that is none of the documented has no case of its own.
  const told = new Set([
    ...responses.map(({ why }) => why),
    ...rules.map(({ rule, why }) => `${why} (${rule})`),
  ])
  const others = differences
    .filter(({ what }) => !told.has(what))
    .map(({ operation, status, what }) => ({
      ...{ suite: operation, name: `${status ?? ''} ${what}`.trim(), outcome: 'failed' as const, why: what },
    }))
  return [...cases, ...others]
}

function caseXml({ suite, name, outcome, why }: Case): string {
  const start = `    <testcase classname="${escaped(suite)}" name="${escaped(name)}"`
  if (outcome === 'passed') return `${start}/>`
  const tag = outcome === 'skipped' ? 'skipped' : 'failure'
  return `${start}><${tag} message="${escaped(why ?? '')}"/></testcase>`
}

/** The report as JUnit's XML, with a suite for each operation. Responses that were not reached are skipped cases. */
export function junit(report: Report): string {
  const suites = [...Map.groupBy(casesOf(report), ({ suite }) => suite)].map(([suite, cases]) => {
    const count = (outcome: Case['outcome']) => cases.filter((one) => one.outcome === outcome).length
    const numbers = `tests="${cases.length}" failures="${count('failed')}" skipped="${count('skipped')}"`
    return `  <testsuite name="${escaped(suite)}" ${numbers}>\n${cases.map(caseXml).join('\n')}\n  </testsuite>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="rekindle conform">\n${suites.join('\n')}\n</testsuites>\n`
}
