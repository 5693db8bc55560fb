import type { Migration } from 'kysely/migration'
import { initial } from './migrations/0001-initial.ts'
import { lighter } from './migrations/0002-lighter.ts'
import { rateLimits } from './migrations/0003-rate-limits.ts'
import { events } from './migrations/0004-events.ts'
import { epochs } from './migrations/0005-epochs.ts'
import { lanesAndPeople } from './migrations/0007-lanes-and-people.ts'
import { anew } from './migrations/0008-anew.ts'
import { signingKeys } from './migrations/0009-signing-keys.ts'
import { lineage } from './migrations/0010-lineage.ts'
import { dbsc } from './migrations/0011-dbsc.ts'
import { boundSessions } from './migrations/0012-bound-sessions.ts'
import { feed } from './migrations/0013-feed.ts'
import { foreignHashes } from './migrations/0014-foreign-hashes.ts'
import { claims } from './migrations/0015-claims.ts'
import { passwordResets } from './migrations/0016-password-resets.ts'
import { adoptedTokens } from './migrations/0017-adopted-tokens.ts'

/** Migrations run in the order of their names, forward only. A released migration never changes. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001_initial': initial,
  '0002_lighter': lighter,
  '0003_rate_limits': rateLimits,
  '0004_events': events,
  '0005_epochs': epochs,
  '0007_lanes_and_people': lanesAndPeople,
  '0008_anew': anew,
  '0009_signing_keys': signingKeys,
  '0010_lineage': lineage,
  '0011_dbsc': dbsc,
  '0012_bound_sessions': boundSessions,
  '0013_feed': feed,
  '0014_foreign_hashes': foreignHashes,
  '0015_claims': claims,
  '0016_password_resets': passwordResets,
  '0017_adopted_tokens': adoptedTokens,
}
