DROP TABLE scan_reports;
