DROP TABLE health_usage;
