/** What the tests do with each generator, and what each program does with its client. */
import assert from 'node:assert/strict'
import type { Service } from '../../support/service.ts'

export interface Generator {
  /** The program, and the generator's configuration. `CONTRACT` stands for the path of `generated/openapi.json` */
  readonly files: Readonly<Record<string, string>>
  /** What a user types */
  readonly commands: readonly (readonly string[])[]
  /** Packages that this client takes in another version than the others */
  readonly packages?: Readonly<Record<string, string>>
}

/**
 * `walk` of a program registers, tries a wrong password, logs in, asks who it is, refreshes and logs out. It contains one
 * mistake, which the compiler must find: types that degraded to `any` would hide it.
 */
export interface Program {
  walk(url: string, username: string, password: string): Promise<Walked>
}

export interface Walked {
  /** From `me` */
  readonly username: string
  /** The error of the wrong password, as typed by the client */
  readonly refused: { readonly status: number; readonly message: string; readonly word: unknown }
  /** The refresh tokens of the login and of the refresh; with the second the program logged out */
  readonly tokens: readonly (string | undefined)[]
  /** Of the logout */
  readonly message: string
}

/** What a user `ada` of the service has seen and done */
export async function checkWalk(service: Service, walked: Walked): Promise<void> {
  assert.deepEqual(walked, {
    username: 'ada',
    refused: { status: 401, message: 'Invalid credentials.', word: 'credentials_invalid' },
    tokens: walked.tokens,
    // A token that is not authentic cannot log out.
    message: 'Logged out successfully',
  })
  assert.equal(new Set(walked.tokens).size, 2)
  for (const token of walked.tokens) assert.equal((await service.refresh(String(token))).status, 401)
}
