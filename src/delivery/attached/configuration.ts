import {
  type Configuration,
  readConfiguration as readAny,
  UnreadableConfiguration,
} from '../../routing/configuration.ts';
import { deliveryErrors } from '../errors.ts';

/** `text`: the YAML of an Alertmanager's file, or what its API gives. Throws LS-DELIVERY-001, for a file with its name. */
export function readConfiguration(text: string, file?: string): Configuration {
  try {
    return readAny(text);
  } catch (error) {
    if (!(error instanceof UnreadableConfiguration)) throw error;
    throw deliveryErrors.error('LS-DELIVERY-001', {
      what: "Alertmanager's configuration is not understood",
      why: error.message,
      ...(file === undefined ? {} : { where: { file } }),
      fix: 'write it in the way of the current documentation of Alertmanager; amtool check-config judges it',
      cause: error,
    });
  }
}
