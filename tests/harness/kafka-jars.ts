import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const KAFKA_VERSION = '4.1.0';

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>deal-ledger</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

/** Says what is missing to run Kafka on the local Java, or nothing. */
export function missingForJava(jarsDir: string): string | undefined {
  if (!runs('java', '-version')) return 'java is not installed';
  if (!existsSync(jarsDir) && !runs('mvn', '-v'))
    return `mvn, which would fetch Kafka's jars, is not installed, and ${jarsDir} does not exist`;
  return undefined;
}

/**
 * Has Maven fetch Kafka's jars, once. They appear under their final name all at once, so that a
 * crash, or two runs at the same time, leave no half-filled folder.
 */
export function fetchKafkaJars(jarsDir: string): void {
  if (existsSync(jarsDir)) return;
  mkdirSync(dirname(jarsDir), { recursive: true });
  const fetching = mkdtempSync(`${jarsDir}.`);
  try {
    writeFileSync(join(fetching, 'pom.xml'), POM);
    const mvn = spawnSync('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=libs'], {
      cwd: fetching,
      encoding: 'utf8',
    });
    if (mvn.status !== 0) throw new Error(`Maven could not fetch Kafka ${KAFKA_VERSION}: ${mvn.stdout}${mvn.stderr}`);
    try {
      renameSync(fetching, jarsDir);
    } catch (error) {
      if (!existsSync(jarsDir)) throw error;
    }
  } finally {
    rmSync(fetching, { recursive: true, force: true });
  }
}

function runs(command: string, flag: string): boolean {
  return spawnSync(command, [flag], { stdio: 'ignore' }).status === 0;
}
