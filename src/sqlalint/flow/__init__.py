"""Values followed: what a query loads, where its rows go, and what is read of them there."""
