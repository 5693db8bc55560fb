import type { Mutation } from './mutation.ts'
import { adoptionFaults } from './planted/adoption.ts'
import { claimFaults } from './planted/claims.ts'
import { clientAndCommandFaults } from './planted/client-and-commands.ts'
import { conformFaults } from './planted/conform.ts'
import { contractFaults } from './planted/contract.ts'
import { deviceFaults } from './planted/devices.ts'
import { exampleFaults } from './planted/examples.ts'
import { feedFaults } from './planted/feed.ts'
import { httpFaults } from './planted/http.ts'
import { keyFaults } from './planted/keys.ts'
import { limitFaults } from './planted/limits.ts'
import { proofFaults } from './planted/proofs.ts'
import { resetFaults } from './planted/resets.ts'
import { sessionFaults } from './planted/sessions.ts'
import { storeFaults } from './planted/store.ts'
import { tokenAndUserFaults } from './planted/tokens-and-users.ts'

export const mutations: readonly Mutation[] = [
  ...sessionFaults,
  ...deviceFaults,
  ...proofFaults,
  ...tokenAndUserFaults,
  ...keyFaults,
  ...storeFaults,
  ...httpFaults,
  ...contractFaults,
  ...limitFaults,
  ...clientAndCommandFaults,
  ...exampleFaults,
  ...conformFaults,
  ...feedFaults,
  ...resetFaults,
  ...claimFaults,
  ...adoptionFaults,
]
