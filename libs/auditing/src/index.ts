export { AuditingModule, type AuditingOptions } from './auditing.module';
