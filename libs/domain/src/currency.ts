/** Counted up whenever a currency or a scale changes, because figures are rounded by this table. */
export const CURRENCY_TABLE_VERSION = 1;

// Active ISO 4217 codes by their number of minor-unit digits. Our own copy: what a runtime's
// locale data says may change under us, and figures of the past must not.
const BY_SCALE: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2:
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD ' +
    'CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL ' +
    'GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR ' +
    'LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD ' +
    'PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC ' +
    'SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ' +
    'ZMW ZWG',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

const SCALES: ReadonlyMap<string, number> = new Map(
  Object.entries(BY_SCALE).flatMap(([scale, codes]) => codes.split(' ').map((code) => [code, Number(scale)] as const)),
);

/** Digits after the point that amounts of this currency may have, or nothing if it is no active ISO 4217 code. */
export function currencyScale(code: string): number | undefined {
  return SCALES.get(code);
}

/** Every currency the ledger knows, in alphabetical order. */
export function currencies(): readonly string[] {
  return [...SCALES.keys()].sort();
}
