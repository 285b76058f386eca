"""An auditor that anybody can run: follows a log from its public endpoints alone, and trusts nothing that it reads."""
