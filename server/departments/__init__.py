"""Departments (部门) of district, city and town, and the names they go by."""
