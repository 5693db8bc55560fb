/** What a run has found: the documented responses that were seen, and every difference from the contract. */
import { withoutSecrets } from '../http/pipeline/secrets-in-text.ts'
import type { Example } from './examples.ts'
import { examples } from './examples.ts'

export interface Difference {
  readonly operation: string
  readonly status: number | null
  readonly what: string
}

export interface Row {
  readonly operation: string
  readonly status: number
  readonly example: string
  readonly outcome: 'reached' | 'not reached' | 'differs'
  /** Why it was not reached, or how it differs */
  readonly why: string | null
}

export interface RuleRow {
  readonly rule: string
  readonly outcome: 'holds' | 'not checked' | 'broken'
  readonly why: string | null
}

export interface Report {
  readonly url: string
  /** The version of the contract that was asked for */
  readonly contract: string
  /** Whether the server is a mock, which keeps no state: then rules are not checked */
  readonly stateless: boolean
  readonly responses: readonly Row[]
  readonly rules: readonly RuleRow[]
  readonly differences: readonly Difference[]
  /** What the operator should know, for example what is left behind */
  readonly remarks: readonly string[]
}

// Characters. What a server sends may be long.
const LONGEST = 300

export class Findings {
  readonly reached = new Set<Example>()
  readonly rules: RuleRow[] = []
  readonly remarks: string[] = []
  readonly #differences = new Map<string, Difference>()
  readonly #provoked = new Map<Example, string>()
  readonly #missed = new Map<Example, string>()
  readonly #secrets = new Set<string>()

  /** What must never be printed */
  keepSecret(...secrets: readonly unknown[]): void {
    for (const secret of secrets) if (typeof secret === 'string' && secret !== '') this.#secrets.add(secret)
  }

  differ(operation: string, status: number | null, what: string): void {
    const difference = { operation: this.#plain(operation), status, what: this.#plain(what) }
    this.#differences.set(JSON.stringify(difference), difference)
  }

  /** The response to a request that was meant to get this example differs. */
  failed({ operationId, status }: Pick<Example, 'operationId' | 'status'>, example: Example, what: string) {
    this.differ(operationId, status, what)
    this.#provoked.set(example, this.#plain(what))
  }

  missed(example: Example, why: string): void {
    this.#missed.set(example, why)
  }

  rule(rule: string, outcome: RuleRow['outcome'], why: string | null = null): void {
    this.rules.push({ rule, outcome, why: why === null ? null : this.#plain(why) })
  }

  get differences(): Difference[] {
    return [...this.#differences.values()]
  }

  rows(): Row[] {
    return examples.map((example) => {
      const { operationId: operation, status, key } = example
      const differs = this.#provoked.get(example) ?? this.#differenceOf(example)
      const row = { operation, status, example: key.slice(key.indexOf(' ') + 1) }
      if (differs !== undefined) return { ...row, outcome: 'differs' as const, why: differs }
      if (this.reached.has(example)) return { ...row, outcome: 'reached' as const, why: null }
      return { ...row, outcome: 'not reached' as const, why: this.#missed.get(example) ?? 'the run stopped' }
    })
  }

  #differenceOf(example: Example): string | undefined {
    if (!this.reached.has(example)) return undefined
    return this.differences.find(
      ({ operation, status }) => operation === example.operationId && status === example.status,
    )?.what
  }

  #plain(text: string): string {
    const holdsSecret = (plain: string) => [...this.#secrets].some((secret) => plain.includes(secret))
    // Before it is cut, where half of a secret would not be found
    return withoutSecrets(text, holdsSecret).slice(0, LONGEST)
  }
}
