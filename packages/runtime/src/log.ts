import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

/** A structured logger: `log.info({ pod }, 'text')`. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

/**
 * The logger of a service: one JSON line an entry, on standard error, so that standard output stays free for data.
 * @param service Name of the service, in every line.
 * @param level Least severe level that is written: debug, info, warn, error or silent.
 * @param destination Where lines go.
 */
export function createLogger(
  service: string,
  level: string = process.env.GANTRY_LOG_LEVEL ?? 'info',
  destination: DestinationStream = pino.destination(2),
): Logger {
  const options = {
    base: { service },
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    // Errors have no enumerable properties: without this a line would tell nothing of them.
    serializers: { error: pino.stdSerializers.errWithCause },
  };
  return pino(options, destination);
}

/** A logger that writes nothing, for tests. */
export const silentLogger: Logger = pino({ level: 'silent' });
