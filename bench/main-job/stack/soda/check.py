#!/usr/bin/env python3
"""The stack's last step: Soda Core verifies the contracts of all tables, in one process.

Usage: python check.py --database flights.duckdb --report report.json

Writes the outcome of every check, by dataset, to the report. Ends with 1 when a check has failed or could not be
evaluated, as `soda contract verify` does; warnings do not count.
"""

import argparse
import json
import os
import pathlib
import sys

os.environ["SODA_CORE_TELEMETRY_ENABLED"] = "false"

from soda_core.contracts.api.verify_api import verify_contract_locally

DATA_SOURCE = """
name: flights
type: duckdb
connection:
  database: {database}
  read_only: true
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", type=pathlib.Path, required=True)
    parser.add_argument("--report", type=pathlib.Path, required=True)
    parser.add_argument("--contracts", type=pathlib.Path, default=pathlib.Path(__file__).parent / "contracts")
    arguments = parser.parse_args()
    data_source = arguments.report.with_suffix(".data-source.yml")
    data_source.write_text(DATA_SOURCE.format(database=arguments.database.resolve()))
    report, failed = {}, False
    for contract in sorted(arguments.contracts.glob("*.yml")):
        session = verify_contract_locally(
            data_source_file_path=str(data_source), contract_file_path=str(contract), publish=False
        )
        failed |= session.has_errors or session.is_failed
        checks = report.setdefault(contract.stem, [])
        for result in session.contract_verification_results:
            for check in result.check_results:
                checks.append(
                    {
                        "name": check.check.name,
                        "type": check.check.type,
                        "outcome": check.outcome.name,
                        "values": {k: float(v) for k, v in (check.diagnostic_metric_values or {}).items() if v is not None},
                    }
                )
    arguments.report.write_text(json.dumps(report, indent=1))
    outcomes = [check["outcome"] for checks in report.values() for check in checks]
    print({outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))})
    sys.exit(failed)


if __name__ == "__main__":
    main()
