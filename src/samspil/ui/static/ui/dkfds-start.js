/* Start the components of Det Fælles Designsystem that the page holds. */
DKFDS.init();
