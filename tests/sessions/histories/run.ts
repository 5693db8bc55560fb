/** `npm run histories -- --runs 10000 [--seed 1] [--database sqlite|postgres]` */
import { runCampaign } from '../../support/campaign.ts'

await runCampaign('HISTORIES', new URL('../histories.test.ts', import.meta.url))
