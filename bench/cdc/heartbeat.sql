insert into heartbeat default values;
