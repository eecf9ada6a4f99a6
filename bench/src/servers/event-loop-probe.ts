import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Loaded into a server on Node (`node --import`) by the stall measurement: tells over the channel to
 * its parent how long the event loop was held up since the last "reset".
 */
const RESOLUTION_MS = 1;

const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();
process.on('message', (message) => {
  if (message === 'read') {
    process.send?.({
      maxMs: Math.max(0, delays.max / 1e6 - RESOLUTION_MS),
      p999Ms: Math.max(0, delays.percentile(99.9) / 1e6 - RESOLUTION_MS),
    });
  }
  if (message === 'reset') {
    delays.reset();
    process.send?.('ok');
  }
});
process.channel?.unref();
