import { readFileSync } from 'node:fs'

/** A password hash that another system has made */
export interface Vector {
  readonly by: string
  readonly password: string
  readonly hash: string
}

export const vectors: readonly Vector[] = JSON.parse(
  readFileSync(`${import.meta.dirname}/vectors.json`, 'utf8'),
)
