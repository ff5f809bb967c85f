/** The settings of watches. */
import { z } from 'zod';

/** `watch`: which watches start by themselves. */
export const watch = z
  .strictObject({
    bySignals: z
      .boolean()
      .default(false)
      .describe(
        'Whether an exec into a container or a tool that signals show, of medium severity or above, starts a watch of ' +
          'its pod or host by itself: high sensitivity for its addresses in the half day of the event, from 00:00 or ' +
          '12:00 UTC on, and for 24 hours after it. It finds slower scans of an intruder, and more harmless traffic of administrators. Needs `signals`.',
      ),
  })
  .prefault({})
  .describe('Watches, which raise the sensitivity for a time. The command `watch add` starts them by hand.');
