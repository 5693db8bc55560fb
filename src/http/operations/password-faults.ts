import type { PasswordFault } from '../../users/new-password.ts'
import { MAX_BYTES } from '../../users/new-password.ts'
import type { Core } from '../core.ts'

/** What is wrong with a new password, in `errors`. */
export function faults({ settings }: Core, path: string, fault: PasswordFault) {
  const messages: Record<PasswordFault, string> = {
    too_short: `Expected at least ${settings.password.minLength} characters`,
    too_long: `Expected at most ${MAX_BYTES} bytes`,
    undecodable: 'Is not UTF-8, or contains U+FFFD',
    username_inside: 'Contains the username',
    common: 'Is one of the most common passwords',
  }
  return [{ path, message: messages[fault] }]
}
