"""Pages of the dormitories, by subject: home, rooms, scores, boards, appeals, sweeps."""
