-- Undoes 002_service_log; the trigger goes with its table
DROP TABLE service_visits;
DROP FUNCTION service_visit_changed();
