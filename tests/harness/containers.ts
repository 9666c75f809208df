/** A server that a test needs cannot be had on this machine. */
export class NotAvailable extends Error {
  override readonly name = 'NotAvailable';
}

export interface ContainerPlan {
  readonly image: string;
  readonly ports: readonly { readonly container: number; readonly host: number }[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts a container of the plan made for the engine's host; nothing when no engine runs. */
export async function startContainer(
  plan: (host: string) => ContainerPlan,
): Promise<{ host: string; stop: () => Promise<void> } | undefined> {
  // Loading it takes a third of a second, which only those pay who come this far.
  const { GenericContainer, getContainerRuntimeClient } = await import('testcontainers');
  let host: string;
  try {
    host = (await getContainerRuntimeClient()).info.containerRuntime.host;
  } catch (error) {
    if (error instanceof Error && /container runtime/i.test(error.message)) return undefined;
    throw error;
  }
  const { image, ports, environment } = plan(host);
  const container = await new GenericContainer(image)
    .withExposedPorts(...ports)
    .withEnvironment({ ...environment })
    .start();
  return {
    host,
    stop: async () => {
      await container.stop();
    },
  };
}
