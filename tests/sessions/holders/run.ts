/** `npm run holders -- --runs 10000 [--seed 1] [--database sqlite|postgres]` */
import { runCampaign } from '../../support/campaign.ts'

await runCampaign('HOLDERS', new URL('../holders.test.ts', import.meta.url))
